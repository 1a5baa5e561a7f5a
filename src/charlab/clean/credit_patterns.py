"""Patterns of the credits and notes that volunteers add around a book.

A block is a run of lines without a blank one. Credits are recognized by their first words, or by
words that no old book has (a web address, "e-text", "OCR"); notes by their label: a word for
"note" close to a word for a maker of the file, in the languages of Project Gutenberg.
"""

from __future__ import annotations

import re

from charlab.clean.marker_patterns import MENTIONS_PROJECT

# Verbs for making a file; those of _SURE are used of files only.
_MADE = (
    r"(?:produced|prepared|transcribed|typed|re-?typed|scanned|digiti[sz]ed|proof-?\s?read|proofed"
    r"|created|entered|input|converted|formatted|re-?formatted|corrected|provided|contributed"
    r"|donated|marked\s+up|keyed|rendered|encoded|uploaded|submitted|posted|made)"
)
_SURE = (
    r"(?:produced|transcribed|typed|re-?typed|scanned|digiti[sz]ed|proof-?\s?read|proofed|ocr'?e?d"
    r"|keyed\s+in|keyboarded|marked\s+up|html(?:'?ed)?)"
)
_FILE = (
    r"(?:e-?texts?|e-?books?|electronic\s+(?:text|edition|version)|html(?:\s+version)?|text|file"
    r"|book|version|edition|work)"
)

CREDITS = re.compile(
    rf"^[\s\[(*_]*(?:"
    rf"{_SURE}\b(?:[^.\n]{{0,60}}?\b(?:by|from|for|at|in)\b|\s*:)"  # Scanned and proofed by
    # This etext was prepared
    rf"|(?:this|the|an?)\s+(?:\w+\s+){{0,2}}{_FILE}\s+(?:was\s+|is\s+|were\s+|has\s+been\s+)?(?:\w+\s+)?"
    rf"(?:{_MADE}|typed)\b"
    # E-text prepared, HTML by
    rf"|{_FILE}\s+(?:(?:was|is)\s+)?{_MADE}\b|(?:e-?text|e-?book|html|digital\s+\w+)\s+(?:\w+\s+)?by\b"
    rf"|(?:HTML|Text|Scanning|OCR|Proofing|Proofreading|Scans?|Typing|Page\s+images?)\s+"
    rf"(?:\w+\s+)?(?:by|from|courtesy)\b"
    rf"|credits?\s*:|transcri(?:ption|bed|ber)\s*(?:by\b|from\b|:)"
    rf"|(?:the\s+)?(?:online\s+)?distributed\s+proofread"
    rf"|(?:produit|préparé|transcrit|numérisé|saisi)e?s?\s+par\b"  # French
    # German
    rf"|(?:erstellt|bereitgestellt|transkribiert|digitalisiert|eingescannt)\s+(?:von|durch)\b"
    # Spanish, Portuguese, Catalan
    rf"|(?:producido|transcrito|digitalizado|produzido|digitado|escaneado|produ[iï]t|transcrit)\s+(?:por|per)\b"
    rf"|(?:prodotto|trascritto|digitalizzato)\s+da\b"  # Italian
    rf"|(?:tuottanut|tuottaneet|tuotettu|skannannut|digitoinut)\b"  # Finnish
    rf"|(?:producerad|transkriberad|skannad|digitaliserad)\s+av\b"  # Swedish
    rf"|(?:geproduceerd|vervaardigd|gedigitaliseerd)\s+door\b"  # Dutch
    rf"|(?:produceret|transskriberet|transkribert|digitalisert)\s+a[fv]\b"  # Danish, Norwegian
    # Polish, Hungarian, Czech
    rf"|(?:przygotowa|opracowa|zeskanowa)\w+\s+przez\b|készítette\b|připravil\w*\b|vytvořil\w*\b"
    # Russian, Esperanto, Tagalog
    rf"|подготов\w+|оцифров\w+|produktis\b|ginawa\s+ni\b|produced\s*$"
    rf")",
    re.I,
)
"""The first line of a block that says who made the file, in any language."""

MAKERS = re.compile(
    rf"^[\s\[(*_]*(?!{_SURE}\s+(?:at|in)\b)(?:"
    rf"{_SURE}(?:\W+(?:and\W+)?(?:\w+ed|\w+ing|in|up|for\s+\w+|\w+ly))*\s+(?:by|for)\s*:?\s+(?:the\s+)?\W?(?-i:[^\W\da-z_])"
    # Transcribed from the 1899 edition
    rf"|{_SURE}\s*:|{_SURE}\s+from\b[^.]{{0,80}}?(?:\bedition|\bscans?\b|\d{{4}})"
    rf"|(?:this|the|an?)\s+(?:\w+\s+){{0,2}}(?:{_FILE})\s+(?:\w+\s+){{0,2}}{_SURE}\b"
    rf"[^.\n]{{0,30}}\bby\s+(?-i:[^\W\da-z_])"
    rf"|produced\s*$"
    rf"|(?!{_SURE}|this\b|the\b|an?\b|{_FILE}))",
    re.I,
)
"""The first line of credits without any modern word: a verb for making a file, and a name."""

EDITORS = re.compile(r"\b(?:edited|translated|manuscripts?)\b", re.I)
"""Work on a book rather than on a file of it."""

THANKS = re.compile(
    r"^[\s\[(*_]*(?:(?:many\s+|special\s+|our\s+|with\s+)*thanks?\b|we\s+(?:would\s+like\s+to\s+)?thank"
    r"|and\s+the\b|from\s+(?:images|scans|page)|images?\b|scans?\b|cover\b|updated\b|revised\b"
    r"|prepared\b|edited\b|corrected\b|(?:this|the)\s+(?:file|book|text)\s+(?:was|is|has)\b"
    r"|nous\s+remercions|merci\b|remerciements|wir\s+danken|dank\b|gracias\b|agradec|grazie\b"
    r"|ringrazi|kiitos|tack\s+till|tak\s+til|takk\s+til|met\s+dank|dzięki|köszönet|ευχαριστ"
    r"|благодар|salamat|dankon\b|agraïm|obrigad|mulțum|děkuj)",
    re.I,
)
"""Openings that may continue credits, or start a book."""

ANACHRONISM = re.compile(
    r"https?:/|\bwww[.:]|\bftp[.:]|[\w.]@\w[\w-]*\.|\w\.(?:com|org|net|edu|gov)\b|\be-?texts?\b"
    r"|\be-?b(?:oo|oe)ks?\b|\be-?mail\b|\bhtml\b|\bascii\b|\bocr\b|\bunicode\b|\butf-?8\b"
    r"|\biso[- ]?8859|\blatin-?1\b|\b[78][- ]bit\b|\binternet\b|\bon-?line\b|\bscann(?:ed|er|ing)\b"
    r"|\bscans\b|\bgoogle\b"
    r"|\bdigiti[sz]\w+|\bdigital\w*\b|\bnum[ée]ris\w+|\bcd-?rom\b|\bpgdp\b|distributed\s+proof"
    r"|electronic\s+(?:text|edition|version|file)|[ée]lectronique|elektroni[ks]\w+|electr[óo]nic[oa]"
    # Italian, Finnish; word processors
    r"|elettronic[oa]|sähköi\w+|e-kirja|text\s+file|word\s+process|plain\s+vanilla",
    re.I,
)
"""Words that no old book has, but makers of files use."""

SURE_SIGN = re.compile(
    r"https?:/|\bwww[.:]|\bftp[.:]|[\w.]@\w[\w-]*\.|\w\.(?:com|org|net|edu|gov)\b|\be-?texts?\b"
    r"|\bthis\s+e-?book|\be-?book\s*[#(]|\bpgdp\b|distributed\s+proof|plain\s+vanilla|text\s+file"
    r"|\bce\s+(?:livre|fichier|texte)\b|e-kirja",
    re.I,
)
"""Those of such words that a modern story does not start with either."""

FORMAT = re.compile(
    r"\bhtml\b|\bascii\b|\butf-?8\b|\biso[- ]?8859|\blatin-?1\b|\b[78][- ]bit\b|\bgoogle\b", re.I
)
"""Words that a modern story may start with, unless they describe a file."""

OF_A_FILE = re.compile(
    r"\b(?:works?|fil\w*|version\w*|edi[tcç]\w+|te[xk]s?t\w*|datei\w*|fichiers?|archiv\w*|encod\w*"
    r"|codific\w*|charact\w*|charset|zeichen\w*|caract\w*|caratter\w*|format\w*|convert\w*"
    r"|accent\w*|diacrit\w*|prepar\w*|images?|books?|scann\w*)\b",
    re.I,
)
"""Words that show that :data:`FORMAT` describes a file."""

ABOUT_FILE = re.compile(
    r"\be-?texts?\b|livre\s+[ée]lectronique|distributed\s+proof|\bpgdp\b|\bthis\s+e-?book\b|proofread|transcri|transkri",
    re.I,
)
"""Words in credits and notes at the end of a book."""

# Words for "note" and for a maker of the file, from which labels are composed.
_NOTE = (
    # English and Romance
    r"(?:notes?|not[ae][sr]?|noto[jn]?|nót\w*|not[ăy]|comments?|remarks?|annotations?|anmerkung\w*"
    # German and Dutch
    r"|hinweis\w*|bemerkung\w*|notiz\w*|opmerking\w*|aantekening\w*|anmärkning\w*|bemærkning\w*"
    # Scandinavian, Finnish, Hungarian, Polish
    r"|merknad\w*|noter\w*|huomautu\w*|huomio\w*|megjegyz\w*|uwag[ai]|uwagi|notatk\w*|od\s+wydawc\w*"
    # Slavic, Greek, Tagalog
    r"|poznámk\w*|примечани\w*|примітк\w*|бележк\w*|σημε[ίι]ωσ\w*|σημειώσ\w*|paalala|pabatid"
    # Tagalog, Icelandic, Baltic
    r"|patalastas|tala|nodi?ad\w*|athugas\w*|pastab\w*|märk\w*|opomb\w*|napomen\w*|observa\w+"
    r"|remarques?|avi[sz]o?|advertencia|avvertenz\w*|addend\w*|corrections?|errata|changes|errors"
    r"|apostille\w*|rimark\w*|注|註|说明|說明)"
)
_MAKER = (
    # not the transcript of a trial
    r"(?:transcr\w*(?!\s+of\s+(?!(?:this|the)\s))|transkr\w*|transskr\w*|trascr\w*|транскри\w*|оцифров\w*|набор\w*|bewerk\w*"
    r"|nagsalin|naglipat|naglimbag|proof-?\s?read\w*|typists?|scanner|digit\w*|numéris\w*"
    r"|e-?text\w*|e-?book\w*|ebook\w*|html|electron\w*|électron\w*|elektron\w*|elettron\w*|sähkö\w*"
    r"|producers?|redactor|project\s+gutenberg|gutenberg|pg|on-?line|korrekturles\w*|(?:re)?relecteur"
    r"|relecture|textgestalt|fichier|datei|correcteur|entrepreneur|executive\s+director|converter"
    r"|skryptor\w*|przepisyw\w*|afskriv\w*|avskriv\w*|přepis\w*|prepis\w*|录入|錄入|轉錄|转录|輸入|入力|校)"
)
POSTED = re.compile(
    r"^\W*(?:(?:date|first|last|most|recently)\s+)*(?:updated|posted|released?)\s*(?:on\b|:)"
    r"[^\n]{0,40}\b(?:199\d|20\d\d)\W*$",
    re.I,
)
"""The line with the date when a file was posted."""

NOTE_STEMS = (
    "note", "not ", "nota", "noto", "notă", "notj", "nóta", "noty", "notat", "notiz", "comment",
    "remar", "annot", "addend", "corr", "err", "chang", "anm", "hinw", "merk", "bem", "aantek",
    "huom", "megj", "uwag", "wydawc", "pozn", "прим", "бел", "σημ", "paal", "pabat", "patal",
    "tala", "nod", "athug", "pasta", "märk", "opomb", "napom", "obser", "aviso", "avizo", "avis",
    "avver", "advert", "apost", "rimark", "注", "註", "说", "說", "trans", "tavola", "table",
    "änder", "korr", "bookm", "colo", "liste", "javí", "oprav", "rett", "rätt", "verbet",
    "au lect",
)  # fmt: skip
"""Substrings of which every label of a note has one: a fast test before the regex."""

_MARKS = r"[\s\[({*_=~+|:#/<>'\"“„«-]*"
NOTE = re.compile(
    rf"^{_MARKS}(?=(?:[^\n:]{{0,50}}?[^\w\n:]|){_NOTE}(?!\w))(?=(?:[^\n]{{0,60}}?[^\w\n]|){_MAKER}(?!\w))"
    rf"(?:[^\n]{{0,80}}$|[^\n:.\]]{{0,60}}[:.\]—-])"
    r"|^[\s*_\[|+-]*(?:trans\w{0,3}kri\w*(?:not|anm|bem|merk|hinw)\w*|tavola\s+dei\s+caratteri\s+speciali|table\s+of\s+special\s+characters"
    r"|(?:typographical\s+)?(?:errors|corrections|changes|errata)\s+(?:\w+\s+)?(?:corrected|made|noted"
    r"|fixed)\b|lista\s+de\s+erros\s+corrigidos|(?:liste\s+der\s+)?(?:vorgenommenen?\s+)?"
    r"(?:änderungen|korrekturen)\s*:?\s*$|transcrib\w+['’]?s?['’]?\s*$"
    r"|(?:e-?text|pg|gutenberg)\s+editor['’]?s\s+bookmarks)",
    re.I | re.M,
)
"""The first line of a note by whoever made the file."""

BOOKMARKS = re.compile(r"^\W*(?:e-?text|pg|gutenberg)\s+editor['’]?s\s+bookmarks", re.I)
"""The label of a list of quotations that an editor of files appended to many books."""

WEAK_NOTE = re.compile(
    rf"^{_MARKS}(?:{_NOTE}(?:\s+(?:on|to|sur|zu[rm]?|om|till|til|au|al|ao|de|del|do|des|du|van|della)"
    rf"\b[^\n:]{{0,40}})?\s*[:.\]*_—-]|au\s+lecteur\W*$|colofon\s*$|colophon\s*$|liste\s+des\s+(?:modif|correct|errat)\w+|javítások|korjauks|oprav|rettelser"
    rf"|rättelser|correc[cç]\w+\s*:?\s*$|correzioni\s*:?\s*$|verbeteringen\s*:?\s*$)",
    re.I,
)
"""A label that an author's own note may have, too."""

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
    r"|\bgesperrt\w*|\bantiqua\b|\bfraktur\w*|\bfettdruck|\bretained\b|\bconserv\w*|\bbeibehalten\b"
    # Dutch, Tagalog, Scandinavian
    r"|\bbehouden\b|\bkairingan|\bpagkakamali\w*|\bstavning\w*|\bretskriv\w*|\brettskriv\w*|\btrykfejl"
    r"|\btrykkfeil\w*|\btryckfel\w*|\bpainovir\w*|\bspatie\w*|\bzetfout\w*|\bdrukfout\w*|\bspelling\w*"
    # Hungarian, Polish, Czech
    r"|\bhelyesír\w*|\bpisowni\w*|\bpravopis\w*|\bortografi\w*|\bobvious\b|\bversehen\b|\bpréser\w*"
    r"|\w*spelfout\w*|\bgecorrigeerd|\w*zetfout\w*|\boikeinkirj\w*|\bsäilyt\w*|\brätta\w*|\brettet\b"
    r"|\bnyomda\w*|\bdrukarsk\w*|\bbrackets?\b|\bcapitali[sz]\w*|\btilde\b|\btypeset\w*|\boriginal\b",
    re.I,
)
"""Topics of notes on how a file was made."""

OF_ITS_TIME = re.compile(
    r"\b(?:by|from|to)\s+the\s+(?:author|editor|publishers?|translator)\b", re.I
)
"""Words of a note by the people who made the book."""

CHANGE = re.compile(
    # Page 3, S. 12
    r"\b(?:pages?|pp?\.|pg\.?|lines?|seiten?|s\.|pagina|blz\.?|bladzijde|página|pág\.|pag\.|sivu|sid\.?"
    r"|side|strona|str\.|oldal|chapter|kapitel|vol\.?|zeile|ligne|linea|línea)\W{0,3}[\dIVXLCivxlc]+"
    # changed to
    r"|\bchanged\b|\breplaced\b|\bremoved\b|\badded\b|\bstatt\b|\bgeändert\b|\blies\b|\bau\s+lieu\b"
    r"|\bremplacé|\bcambiado|\bgewijzigd|\bændret|\bändrat|=|→|->|=>|\"\s+(?:for|to)\s+\"|”\s+(?:for|to)\s+“"
    r"|\bwas\b.*\bnow\b|\b(?:bron|verbetering)\b",  # was X, now Y
    re.I,
)
"""Signs of a line in a list of corrections."""

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
BRACKETS = {"[": "]", "{": "}", "(": ")"}


def _mentions(block: str, signs: tuple[re.Pattern[str], ...], known: frozenset[str]) -> bool:
    words = (match[0].lower() for sign in signs for match in sign.finditer(block))
    return any(word not in known for word in words) or MENTIONS_PROJECT.search(block) is not None


def is_modern(block: str, known: frozenset[str] = frozenset()) -> bool:
    """Return whether a block has a word that no old book has, except the ``known`` words.

    ``known`` are the words of the book's title.
    """
    return _mentions(block, (ANACHRONISM,), known)


def names_makers(block: str, known: frozenset[str]) -> bool:
    """Return whether a block says who made the file, or when it was posted."""
    is_credit = CREDITS.match(block) is not None
    if is_modern(block, known):
        # A modern story may start with a modern word, so that alone is not enough.
        signs = (SURE_SIGN, FORMAT) if OF_A_FILE.search(block) else (SURE_SIGN,)
        return is_credit or _mentions(block, signs, known) or THANKS.match(block) is not None
    is_made = is_credit and MAKERS.match(block) is not None and EDITORS.search(block) is None
    return is_made or POSTED.match(block) is not None


def topics(block: str) -> int:
    """Return the number of different topics of notes on a file in a block."""
    return len({match[0].lower()[:6] for match in TALK.finditer(block)})


def is_list(block: str) -> bool:
    """Return whether a block is a list of corrections or of characters."""
    lines = block.split("\n")
    return sum(CHANGE.search(line) is not None for line in lines) * 2 >= len(lines)


def is_about_file(block: str) -> bool:
    """Return whether a block is about a file rather than a book."""
    return topics(block) >= 1 or NOTE.match(block) is not None or is_modern(block)
