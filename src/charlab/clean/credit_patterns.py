"""Patterns of the credits that volunteers add around a book.

A block is a run of lines without a blank one. Credits are recognized by their first words, or by
words that no old book has (a web address, "e-text", "OCR").
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
    rf"^[\s\[(*_]*(?!{_SURE}\s+(?:at|in)\s+(?!by\b))(?:"
    rf"{_SURE}(?:\W+(?:and\W+)?(?:\w+ed|\w+ing|in|up|for\s+\w+|\w+ly))*\s+(?:by|for)\s*:?\s+(?:the\s+)?\W?(?-i:[^\W\da-z_])"
    # Transcribed from the 1899 edition
    rf"|{_SURE}\s*:|{_SURE}\s+from\b[^.]{{0,80}}?(?:\bedition|\bscans?\b|\d{{4}})"
    rf"|(?:this|the|an?)\s+(?:\w+\s+){{0,2}}(?:{_FILE})\s+(?:\w+\s+){{0,2}}{_SURE}\b"
    rf"[^.\n]{{0,30}}\bby\s+(?-i:[^\W\da-z_])"
    rf"|(?:e-?text|text|file|html)\s+(?:{_SURE}|prepared|created|entered)\s+by\s+(?-i:[^\W\da-z_])"
    rf"|produced\s*$"
    rf"|(?!{_SURE}|this\b|the\b|an?\b|{_FILE}))",
    re.I,
)
"""The first line of credits without any modern word: a verb for making a file, and a name."""

IN_CAPITALS = re.compile(
    rf"^[\s\[(*_]*(?:THIS\s+{_FILE}\s+(?:WAS\s+)?)?{_SURE}\s+(?:"
    # A name of two words or more, but not BY HAND AT THE PRESS, BY NIGHT AND DAY, BY MOONLIGHT
    r"(?:AND\s+\w+\s+)?BY\s*:?(?:\s+(?!(?:AT|IN|ON|OF|TO|FOR|FROM|WITH|AND|OR|THE|AN?|HIS|HER)\b)[^\W\d_][\w.'’-]*,?){2}"
    r"|FROM\b[^.]{0,80}?\b(?:EDITION|SCANS?)\b)",
    re.I,
)
"""Credits in capitals by whoever made the file, rather than a title page."""

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

OLD_VERBS = frozenset({"scanned", "scanning", "scans", "digitized", "digitised"})
"""Modern words, in lower case, that a title in capitals may begin with."""

ANACHRONISM = re.compile(
    r"https?:/|\bwww[.:]|\bftp[.:]|[\w.]@\w[\w.-]*\.[a-z]{2}|[^\W\d_][\w-]{1,20}\.(?:com|org|net|edu|gov)\b|\be-?texts?\b"
    r"|\be-?b(?:oo|oe)ks?\b|\be-?mail\b|\bhtml\b|\bascii\b|\bocr\b|\bunicode\b|\butf-?8\b"
    r"|\biso[- ]?8859|\blatin-?1\b|\b[78][- ]bit\b|\binternet\b|\bon-?line\b|\bscann(?:ed|er|ing)\b"
    r"|\bscans\b|\bgoogle\b"
    r"|\bdigiti[sz]\w+|\bdigital\w*\b|\bnum[ée]ris\w+|\bcd-?rom\b|\bpgdp\b|distributed\s+proof"
    r"|electronic\s+(?:text|edition|version|file)|[ée]lectronique|elektroni[ks]\w+|electr[óo]nic[oa]"
    # Italian, Finnish; word processors
    r"|elettronic[oa]|\baffidabilit[àa]|sähköi\w+|e-kirja|text\s+file|word\s+process|plain\s+vanilla"
    # The end of this file; conventions of plain text
    r"|\bend\s+of\s+(?:the|this)\s+(?:file|document)\b|\bpublic\s+domain\b"
    r"|\bitalics?\s+(?:is|are|text\s+is)\s+(?:re?present|mark|denot|indicat|enclos|shown|surround)\w+",
    re.I,
)
"""Words that no old book has, but makers of files use."""

SURE_SIGN = re.compile(
    r"https?:/|\bwww[.:]|\bftp[.:]|[\w.]@\w[\w.-]*\.[a-z]{2}|[^\W\d_][\w-]{1,20}\.(?:com|org|net|edu|gov)\b|\be-?texts?\b"
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

POSTED = re.compile(
    r"^\W*(?:(?:date|first|last|most|recently)\s+)*(?:updated|posted|released?)\s*(?:on\b|:)"
    r"[^\n]{0,40}\b(?:199\d|20\d\d)\W*$",
    re.I,
)
"""The line with the date when a file was posted."""


def _has_new(block: str, signs: tuple[re.Pattern[str], ...], known: frozenset[str]) -> bool:
    words = (match[0].lower() for sign in signs for match in sign.finditer(block))
    return any(word not in known for word in words)


def is_modern(block: str, known: frozenset[str] = frozenset()) -> bool:
    """Return whether a block has a word that no old book has, except the ``known`` words.

    ``known`` are the words of the book's title.
    """
    return _has_new(block, (ANACHRONISM,), known)


def names_makers(block: str, known: frozenset[str], below: str = "") -> bool:
    """Return whether a block says who made the file, or when it was posted.

    ``known`` are the words of the book's title, and ``below`` is the first line of the next block.
    """
    is_credit = CREDITS.match(block) is not None
    is_opening = is_credit or THANKS.match(block) is not None
    # A title may mention the project, too, so a verb is needed.
    if is_opening and MENTIONS_PROJECT.search(block):
        return True
    if _is_title_page(block, below, known):
        return POSTED.match(block) is not None
    if is_modern(block, known):
        # A modern story may start with a modern word, so that alone is not enough.
        signs = (SURE_SIGN, FORMAT) if OF_A_FILE.search(block) else (SURE_SIGN,)
        return is_opening or _has_new(block, signs, known)
    is_made = is_credit and MAKERS.match(block) is not None and EDITORS.search(block) is None
    return is_made or POSTED.match(block) is not None


def _is_title_page(block: str, below: str, known: frozenset[str]) -> bool:
    """Return whether a block in capitals is a title page's rather than credits."""
    if not block.isupper() or SURE_SIGN.search(block):
        return False
    # A title, and below it its author
    if CREDITS.match(block) is None or re.search(r"\n\s*BY\b", f"{block}\n{below}"):
        return True
    # The verb itself is as old as "SCANNED BY MOONLIGHT".
    is_made = re.search(r"\b(?:BY|FROM)\b", block) and is_modern(block, known | OLD_VERBS)
    return not (is_made or IN_CAPITALS.match(block))
