"""Patterns of the notes that volunteers add around a book.

A note is recognized by its label: a word for "note" close to a word for a maker of the file, in
the languages of Project Gutenberg; or by a label that an author may use, too, and its text.
"""

from __future__ import annotations

import re
from functools import lru_cache

from charlab.clean.credit_patterns import is_modern
from charlab.clean.marker_patterns import MENTIONS_PROJECT
from charlab.clean.note_labels import COPYISTS, MADE_OF_OLD, MAKER, WHOLE
from charlab.clean.note_labels import NOTE as _NOTE

# Words for corrections in a label, which an author's list may have, too.
_CORRECTIONS = (
    r"(?:corre[cç][tç]?\w*|corrig\w*|correg\w*|correz\w*|errat\w*|err?[eo]rs?|errores|erros|errori"
    r"|erreurs|fautes|änderung\w*|korre[kc]t\w*|druckfehler\w*|verbetering\w*|(?:zet|druk)fout\w*|błęd\w*|inconsistenc\w*|anomal\w*|misprints?|rättelse\w*"
    r"|tryckfel\w*|rettelse\w*|trykfejl\w*|korja[tu]\w*|painovirhe\w*|leiðrétt\w*|parandus\w*|javítás\w*|popraw\w*|oprav\w*|erar\w*|refusi"
    r"|опечат\w*|исправл\w*|διορθώσ\w*|changes|typos|emendations|amendments|modifi\w*|alterations)"
)
# An underscore stands for italics, and is not part of a word.
_LETTER = r"[^\W_]"
_MARKS = r"[\s\[({*_=~+|:#/<>'\"“„«【［〔（-]*"
SUBJECT = re.compile(
    rf"(?![^\n]*(?:trans\w{{0,3}}[ck]r|trascr|транскри|e-?text|e-?book|{MENTIONS_PROJECT.pattern}))"
    rf"[^\n]*{MADE_OF_OLD}|[^\n]*{COPYISTS}",
    re.I,
)
"""A line that may be a label, or name a chapter or the subject of a book."""

NOTE = re.compile(
    rf"^{_MARKS}(?=(?:[^\n:]{{0,50}}?(?![\n:])[\W_]|)(?:{_NOTE}|{_CORRECTIONS})(?!{_LETTER}))"
    rf"(?=(?:[^\n]{{0,60}}?(?!\n)[\W_]|){MAKER}(?!{_LETTER}))"
    rf"(?:[^\n]{{0,80}}$|[^\n:.\]]{{0,60}}[:.\]—-])"
    rf"|^{_MARKS}{WHOLE}"
    r"|^[\s*_\[|+-]*(?:trans\w{0,3}kri\w*(?:not|anm|bem|merk|hinw)\w*|tavola\s+dei\s+caratteri\s+speciali|table\s+of\s+special\s+characters"
    r"|(?:typographical\s+)?(?:errors|corrections|changes|errata)\s+(?:\w+\s+)?(?:corrected|made|noted"
    r"|fixed)\b|lista\s+de\s+erros\s+corrigidos|(?:liste\s+der\s+)?(?:vorgenommenen?\s+)?"
    r"(?:änderungen|korrekturen)\s*:?\s*$|transcrib\w+['’]?s?['’]?\s*$"
    r"|(?:(?:e-?text|pg|gutenberg)\s+)?editor['’]?s\s+bookmarks)",
    re.I | re.M,
)
"""The first line of a note by whoever made the file."""

BOOKMARKS = re.compile(r"^\W*(?:(?:e-?text|pg|gutenberg)\s+)?editor['’]?s\s+bookmarks", re.I)
"""The label of a list of quotations that an editor of files appended to many books."""

LISTED = re.compile(rf"\b{_CORRECTIONS}(?!\w)", re.I)
"""Words for corrections, which announce a list of them."""

BARE_HEADING = re.compile(rf"{_MARKS}(?:{_NOTE}|{_CORRECTIONS})\W*", re.I)
"""A heading of one word, of a note or of a list of corrections."""

CORRECTED = re.compile(
    # misprint => correction
    r"=+>|-+>|→|\b(?:was|were)\b.{1,40}\bnow\b|\b(?:changed|corrected|amended)\s+(?:to|from)\b|\breplaced\b"
    r"|\bremplacée?s?\s+par\b|\bcorrigée?s?\s+en\b|\bge[äa]nder[td]\b|\bgewijzigd\b|\bændret\s+til\b"
    r"|\brettet\s+til\b|\bändrat\b|\brättat\b|\bzmieniono\b|\bcambiad\w+\b|\bmudado\b|\balterado\b",
    re.I,
)
"""Signs that a line lists a correction as made in the file, not as to be made by the reader."""

ARROW = re.compile(r"=+>|-+>|→")
"""The sign between a misprint and its correction."""

COLOPHON = re.compile(r"^\W*colo(?:f|ph)on\W*$", re.I)
"""The heading of a part about a file, with paragraphs on its terms and a list of corrections."""

COLOPHON_PARTS = re.compile(
    r"^\W*(?:codering|documentgeschiedenis|encoding|revision\s+history)\W*$", re.I | re.M
)
"""Headings within such a part."""

COLUMNS = re.compile(
    r"\b(?:bron|original|källa|quelle|source)\b.*\b(?:verbetering|corre[cç]\w+|korrekt\w+|rättat)\b",
    re.I,
)
"""The head of a table of corrections."""

PART = re.compile(
    r"^\W*(?:chapter|chap\.|book|part|volume|vol\.|act|scene|canto|kapitel|chapitre|tome|livre|teil|band"
    r"|cap[íi]tulo|parte|capitolo|hoofdstuk|deel|luku|osa|kapitlet|del|kapittel|rozdział|kapitola|fejezet"
    r"|глава|часть|κεφ[άα]λαι\w+|μέρος|liber|caput|ĉapitro|kabanata)\W+(?:the\s+)?"
    r"(?:[ivxlc]+|\d+|one|two|three|first|second|third|last)\b|^\W*第.{1,4}[章回卷]",
    re.I,
)
"""A heading of a part of a book."""

BACK_PART = re.compile(
    # English, German, Romance
    r"^\W*(?:the\s+)?(?:appendi(?:x|ces)|afterword|epilog(?:ue)?|postscript|conclusion|supplement|glossary|bibliography"
    r"|index|anhang|nachwort|nachtrag|l?['’]?appendices?|[ée]pilogue|postface|supplément|ap[ée]ndice|ep[íi]logo"
    r"|conclus(?:ión|ão|ione)|apêndice|posfácio|glosario|glossario|indice|índice"
    # Dutch, Scandinavian, Finnish
    r"|aanhangsel|bijlagen?|nawoord|bilag[ao]?|efter(?:skrift|ord)|till[äæe]gg?|etterord|eftirmáli|viðauki"
    r"|liitteet|liite|jälkisanat|loppulause"
    # Slavic, Hungarian, Greek, Esperanto
    r"|dodatek|posłowie|zakończenie|doslov|závěr|függelék|utószó|приложени[ея]|послесловие|эпилог|заключение"
    r"|додат(?:ок|ки)|післямова|παρ[άα]ρτημα|επ[ίι]λογος|apendico"
    # East Asian, Hebrew
    r"|附錄|附录|後記|后记|跋|結語|结语|あとがき|付録|索引|부록|후기|נספח\w*|אחרית\s+דבר)"
    # Appendix B. The Sale, but not the words of a list
    r"(?!\w)(?:\W{0,3}(?:[ivxlc]+|\d+|[a-h])\b)?(?:\W*$|\s*[.:—–-]|\s+(?:to|zu[rm]?|au|al|til|till)\b)",
    re.I,
)
"""A heading of a part behind the last chapter."""

WEAK_NOTE = re.compile(
    rf"^{_MARKS}(?:{_NOTE}(?:\s+(?:on|to|sur|zu[rm]?|om|till|til|au|al|ao|de|del|do|des|du|van|della)"
    rf"\b[^\n:]{{0,40}})?\s*[:.\]*_—-]|au\s+lecteur\W*$|colofon\s*$|colophon\s*$|liste\s+des\s+(?:modif|correct|errat)\w+|javítások|korjauks|oprav|rettelser"
    rf"|rättelser|correc[cç]\w+\s*:?\s*$|correzioni\s*:?\s*$|verbeteringen\s*:?\s*$)",
    re.I,
)
"""A label that an author's own note may have, too."""

TEXT_NOTE = re.compile(
    rf"^{_MARKS}(?:an?\s+|the\s+)?notes?\s+(?:on|about)\s+(?:the|this)\s+(?:e-?text|text|edition"
    r"|electronic\s+\w+)\W*$",
    re.I | re.M,
)
"""The heading of a note on a text, by its editor or by whoever made the file."""

OWNED_NOTE = re.compile(rf"^{_MARKS}(?:[\w'’]+[ \t]+){{1,2}}{_NOTE}\W*(?:$|[:.])", re.I | re.M)
"""The label of a note by somebody, who may be the author or the publisher."""

TALK = re.compile(
    r"\bspell(?:ing|ed)\b|\bmisspell\w*|\borthogra\w*|\bort[oó]gra\w*|\bgrafia\b|\bhyphen\w*"
    r"|\btypograph\w*|\btipogr\w*|\btypos?\b|\btypo'?s\b|\bpunctuat\w*|\bponctuat\w*|\bpuntua\w*"
    r"|\bpontua\w*|\binterpun\w*|\bzeichensetz\w*|\bitalic\w*|\bkursiv\w*|\bcursie\w*|\bcursiv\w*"
    r"|\bcorsiv\w*|\bitálic\w*|\bunderscore\w*|\bfootnotes\b|\bendnotes?\b|\bmisprint\w*"
    r"|\bprinter'?s?\s+errors?|\berrors?\b|\berreurs?\b|\berrores\b|\berros\b|\berrori\b|\bcoquilles?"
    # German
    r"|\bdruckfehler\w*|\brechtschreib\w*|\bschreibweise\w*|\berrata\b|\bcorrect(?:ed|ions?)\b"
    r"|\bcorrig\w*|\bkorrig\w*|\bcorrett\w*|\bcorreg\w*|\bverbeter\w*|\bkorja\w*|\bjavít\w*"
    # Polish, Czech, Romanian, Greek, Russian
    r"|\bpopraw\w*|\boprav\w*|\bkorekt\w*|\berar\w*|ορθογραφ\w*|διορθ\w*|опечат\w*|орфогра\w*|\btranscri\w*|\btranskri\w*"
    # transcription, characters
    r"|\btrascri\w*|\bdiacritic\w*|\baccents?\b|\bligatur\w*|\bcover\s+image|\bsmall\s+cap\w*"
    r"|\bgekennzeichnet|\bsonderzeichen|\bgesperrt\w*|\bantiqua\b|\bfraktur\w*|\bfettdruck|\bretained\b|\bconserv\w*|\bbeibehalten\b"
    # Dutch, Tagalog, Scandinavian
    r"|\bbehouden\b|\bkairingan|\b(?:pagkaka|ka)mali\w*|\bstavning\w*|\bretskriv\w*|\brettskriv\w*|\btrykfejl"
    r"|\btrykkfeil\w*|\btryckfel\w*|\bpainovir\w*|\bspatie\w*|\bzetfout\w*|\bdrukfout\w*|\bspelling\w*"
    # Hungarian, Polish, Czech
    r"|\bhelyesír\w*|\bpisowni\w*|\bpravopis\w*|\bortografi\w*|\bobvious\b|\bversehen\b|\bpréser\w*"
    r"|\w*spelfout\w*|\bgecorrigeerd|\w*zetfout\w*|\boikeinkirj\w*|\bsäilyt\w*|\brätta\w*|\brettet\b"
    r"|\bnyomda\w*|\bdrukarsk\w*|\bbrackets?\b|\bcapitali[sz]\w*|\btilde\b|\btypeset\w*|\boriginal\b|τυπογραφικ\w*"
    # Chinese, Japanese
    r"|錯字|错字|誤字|误字|誤植|改正|更正|訂正|勘誤|勘误|底本|錯別字|错别字|標點|标点|異體字|异体字|仮名遣"
    # Korean, Hebrew, Arabic
    r"|오타|오자|맞춤법|שגיאות\s+(?:כתיב|דפוס)|טעויות\s+(?:כתיב|דפוס)|כתיב|الأخطاء\s+المطبعية|المطبعية|إملائي\w*"
    # Cyrillic, then Slavic with Latin letters
    r"|очевидн\w+\s+ошиб\w+|помилки\s+друку|друкарськ\w+\s+помил\w*|правопис\w*|штампарск\w*|печатн\w+\s+греш\w*"
    r"|tiskarsk\w*|pogrešk\w*|tiskovn\w*|tiskov\w+\s+chyb\w*"
    # Romanian, Baltic, Estonian, Turkish, Icelandic, Celtic, Basque, Malay, Vietnamese, Tagalog
    r"|greșel\w*|tipar\b|spaudos\s+klaid\w*|rašyb\w*|acīmredzam\w*|pareizrakst\w*|trükivi\w*|trükivea\w*|kirjaviis\w*"
    r"|yazım\b|imla\b|prentvill\w*|stafsetn\w*|clóghraf\w*|litriú|gwallau\b|sillaf\w*|ejaan|salah\s+cetak|chính\s+tả|baybay\w*",
    re.I,
)
"""Topics of notes on how a file was made."""

OF_ITS_TIME = re.compile(
    r"\b(?:by|from|to)\s+the\s+(?:author|editor|publishers?|translator)\b", re.I
)
"""Words of a note by the people who made the book."""

# Page 3, S. 12
_PLACE = (
    r"\b(?:pages?|pp?\.|pg\.?|lines?|seiten?|s\.|pagina|blz\.?|bladzijde|página|pág\.|pag\.|sivu|sid\.?"
    r"|side|strona|str\.|oldal|chapter|kapitel|vol\.?|zeile|ligne|linea|línea)\W{0,3}[\dIVXLCivxlc]+"
)
QUOTED = re.compile(rf"^\W*{_PLACE}(?:.*?[\"'“”„«»_]){{4}}", re.I)
"""A line with a place and two quotations: a misprint and its correction."""

CHANGE = re.compile(
    _PLACE +
    # changed to
    r"|\bchanged\b|\breplaced\b|\bremoved\b|\badded\b|\bstatt\b|\bgeändert\b|\blies\b|\bau\s+lieu\b"
    r"|\bremplacé|\bcambiado|\bgewijzigd|\bændret|\bändrat|=|→|->|=>|\"\s+(?:for|to)\s+\"|”\s+(?:for|to)\s+“"
    r"|\bwas\b.*\bnow\b|\b(?:bron|verbetering)\b",  # was X, now Y
    re.I,
)
"""Signs of a line in a list of corrections."""

EDITION = re.compile(r"\bedi[tcçz]\w+|\bédition\w*|\bausgaben?\b|\bauflagen?\b", re.I)
"""Words of a heading over the changes from one printed edition to another."""

HEADING_WORDS = re.compile(
    r"^\W*(?:(?:the\s+)?(?:chapter|chap\.|book|part|volume|vol\.|act|scene|canto|section|preface"
    r"|introduction|foreword|dedication|contents|table\s+of|illustration|list\s+of\s+illus|frontispiece"
    # English, German
    r"|prologue|epilogue|appendix|index|footnotes?|kapitel|erstes|inhalt\w*|vorwort|einleitung|widmung"
    # French, Spanish
    r"|chapitre|préface|table\s+des|première\s+partie|tome|livre|cap[íi]tulo|prólogo|índice|primera"
    # Italian, Dutch, Finnish, Swedish
    r"|capitolo|prefazione|indice|parte|hoofdstuk|inhoud|voorrede|luku|ensimmäinen|sisällys|kapitlet"
    # Scandinavian, Polish, Czech, Hungarian
    r"|förord|innehåll|kapittel|forord|indhold|rozdział|spis|przedmowa|kapitola|fejezet|tartalom"
    # Russian, Greek, Latin, Esperanto
    r"|глава|часть|предисловие|содержание|κεφ[άα]λαι\w+|πρόλογος|μέρος|liber|caput|ĉapitro|enhavo"
    # Tagalog, Chinese
    r"|kabanata|unang|第.{1,4}[章回卷]|卷)\b|by\b|von\b|par\b|por\b|di\b|av\b|af\b|door\b|ni\b|írta\b"
    r"|the\s+end\b|finis\b|fin\b|ende\b|[ivxlc]+\.?\s*$|\d+\.?\s*$)",
    re.I,
)
"""Openings of a book, a title page or a chapter."""

# Volunteers put notes in any of these.
BRACKETS = {"[": "]", "{": "}", "(": ")", "【": "】", "［": "］", "〔": "〕", "（": "）"}


def has_text(line: str) -> bool:
    """Return whether text follows a label on its line."""
    return re.search(r"[:.：。．]\W*\w", line) is not None


def topics(block: str) -> int:
    """Return the number of different topics of notes on a file in a block."""
    return len({match[0].lower()[:6] for match in TALK.finditer(block)})


@lru_cache(maxsize=1024)
def is_list(block: str) -> bool:
    """Return whether a block is a list of corrections or of characters."""
    lines = block.split("\n")
    return sum(CHANGE.search(line) is not None for line in lines) * 2 >= len(lines)


@lru_cache(maxsize=1024)
def is_about_file(block: str) -> bool:
    """Return whether a block is about a file rather than a book."""
    return topics(block) >= 1 or NOTE.match(block) is not None or mentions_file(block)


def mentions_file(block: str) -> bool:
    """Return whether a block has modern words, or mentions the project."""
    return is_modern(block) or MENTIONS_PROJECT.search(block) is not None


@lru_cache(maxsize=1024)
def is_prose(block: str) -> bool:
    """Return whether a block is a paragraph of a book: some full lines, not about a file."""
    lines = block.split("\n")
    return sum(len(line) >= 58 for line in lines) >= 3 and not is_about_file(block)
