"""Patterns of the lines that delimit a book: START, END, small print, closing sentence, license.

No pattern contains a title. They are made of the words of the license, the words for "start" and
"end" in the languages of Project Gutenberg's files, and the project's name, also in translation
and with letters missing or changed.
"""

from __future__ import annotations

import re

PROJECT = (
    r"(?:\bpr\w{1,3}j\w{0,4}t?\w{0,2}[\s_-]+(?:\w{1,3}\s+)?g[uo]t+[ea]n?[bd]\w?[eu]?r[gkq]\w*"
    # "Gutenberg Project", "Gutenberg E-text"
    r"|\bgut+[ea]n?b[eu]r[gk]h?\w*[\s'’_-]*(?:proje[ck]t\w*|project\w*|e-?(?:text|book|boo?ek)\w*|\W?tm\b)"
    # the name alone
    r"|\bgutenberg\b|\bgutenbur[gk]\b|\bguttenb[eu]rg\b|гутенберг\w*|γουτ[εέ]μβ[εέ]ργκ?\w*"
    r"|古[登騰腾]堡|谷登堡|グーテンベルク)"  # Chinese, Japanese
)
"""Project Gutenberg's name, in translation or misspelled, or its second half alone."""

# "Gutenberg" alone may be the printer, so the full name is needed wherever a book may mention him.
FULL_NAME = (
    r"(?:\bpr\w{1,3}j\w{0,4}t?\w{0,2}[\s_-]+(?:\w{1,3}\s+)?g[uo]t+[ea]n?[bd]\w?[eu]?r[gkq]\w*"
    r"|\bgut+[ea]n?b[eu]r[gk][\s'’-]*(?:proje[ck]t\w*|e-?(?:text|book)))"
)
MENTIONS_PROJECT = re.compile(FULL_NAME, re.I)
"""The project, but not the printer it is named for."""

TERMS = re.compile(r"copyright|permission|distribut|licen[sc]e|^\W*end of\b", re.I | re.M)
"""Words of a notice of the project's terms."""

# "E-text" and "e-book" in many languages.
_FILE = r"(?:e-?t[ei]x[tx]\w*|e-?bo+k\w*|e-?boek\w*|e-?buch\w*|e-?knj?ig\w*|livrel\w*)"

_NAME = r"\bp[rojectkgéy]{4,8}\s+g[uo]t+[ea]n?[bd]\w?[eu]?r[gkq]\w*"
"""The project's name with the letters of "project" in any order."""

_STARTS = (
    # English to Spanish
    r"(?:START(?:S|ED)?|BEGIN\w*|ANFANG|BEGINN|D[ÉE]BUT|COMMENCEMENT|COMIENZO|COMIEN[CZ]A|INICI\w+"
    # Portuguese to Polish
    r"|IN[ÍI]CIO|INIZIO|ALKU|ALKAA|B[ÖO]RJAN|START(?:EN|ET)?|AANVANG|POCZ[ĄA]TEK|ZA[ČC][ÁA]TEK"
    # Hungarian to Chinese
    r"|KEZDET\w*|ΑΡΧΗ|ΈΝΑΡΞΗ|НАЧАЛО|ПОЧАТОК|KOMENCO|SIMULA|[ÎI]NCEPUT\w*|BA[ŞS]LANGI[ÇC]|開始|开始)"
)
END_WORDS = (
    # English to Portuguese
    r"(?:(?:here\s+)?ends?|ended|end(?:ing)?\s+of|finis|ende|schlu(?:ß|ss)|fin|fine|final|fim|fi"
    # Scandinavian to Russian
    r"|slut(?:et|ning\w*)?|einde?|loppuu?|p[äa]{2}ttyy|koniec|konec|kraj|v[ée]ge|τ[έε]λος|конец"
    # Ukrainian to Estonian
    r"|к[іи]нець|край|fino|wakas|katapusan|sf[âaîi]r[sșş]it\w*|endir|endan?|slutt?|son[ul]?|lõpp"
    r"|beigas|pabaiga|diwedd|cr[íi]och|終|终|終了|完|結束|结束)"  # Baltic, Celtic, East Asian
)

# Two stars at least, with any punctuation before them.
_STARS = r"^[\W_]*?\*{2,}[\s*_]*"
START = re.compile(rf"{_STARS}{_STARTS}(?!\W*THE\s+SMALL)\b.*(?:{PROJECT}|\b{_FILE})", re.I)
"""The line that ends a header; its title may extend over more lines up to ``***``."""

BARE_START = re.compile(
    r"^\s*(?:START OF|Beginning of) (?:THE|THIS|the|this) (?i:Project Gutenberg)\b"
)
"""A START line that has lost its stars."""

END = re.compile(rf"{_STARS}{END_WORDS}(?!\W*(?:THE\s+)?SMALL)\b.*(?:{PROJECT}|\b{_FILE})", re.I)
"""The line that starts a footer."""

GLUED_END = re.compile(r"\*\*\* ?END OF (?:THE|THIS) PROJECT GUTENBERG E")
"""An END line on the same line as the last words of the body."""

SMALL_PRINT_START = re.compile(r"^\W*START\W*(?:OF\s+)?(?:THE\s+)?SMALL\s+PRINT", re.I)
SMALL_PRINT_END = re.compile(
    r"^\W*\*\W*END\W*(?:OF\s+)?(?:THE\s+)?SMALL\s+PRINT|^\W*\[\W*\"?Small\s+Print\"?\W*V\.", re.I
)

CLOSING = re.compile(
    # This is the end of
    rf"^[ \t\[(*_=-]*(?:(?:this|here)\s+(?:is\s+)?(?:the\s+)?)?(?:the\s+)?{END_WORDS}\b"
    # A word for "end" alone on its line is the book's, so the name must start on the same line.
    rf"(?:[^.!?\n]{{0,60}}?|[ \t]+\w[^.!?\n]{{0,60}}\n[^.!?\n]{{0,50}}?)"
    rf"(?:{FULL_NAME}|{_NAME}|\b{_FILE})"
    # Finnish and others: the project first, "end" last
    rf"|^[ \t\[(*_=-]*{FULL_NAME}[^.!?\n]{{0,80}}\b{END_WORDS}"
    rf"(?:[ \t]+(?:here|hier|ici|aqu[ií]|qui|h[äe]r|tähän))?[ .\])*_=-]*$",
    re.I | re.M,
)
"""A closing sentence such as "End of the Project Gutenberg EBook of ...", in many languages."""

CLOSING_STEMS = (
    *("gute", "guta", "gutt", "gote", "gott", "etex", "etix", "e-tex", "e-tix", "ebo", "e-bo"),
    *("ebuc", "e-buc", "knig", "knjig", "livrel"),
)
"""Substrings of which every closing sentence has one: a fast test."""

END_OF_TITLE = re.compile(
    r"^[ \t]*\[[^\w\n]*(?:the\s+)?end\s+of\b(?P<title>[^\]]+)\]?", re.I | re.M
)
"""A closing sentence in brackets, as Gutenberg's sister projects have it."""

LICENSE = (
    "this file should be named",
    "this and all associated files of various formats",
    "updated editions will replace the previous",
    "corrected editions of our e",
    "versions based on separate sources get",
    "creating the works from print",
    "creating the works from public domain",
    "start: full license",
    "start full license",
    "the full project gutenberg license",
    "section 1. general terms of use",
    "section  1. general terms of use",
    "section 1.  general terms of use",
    "a word from project gutenberg",
    "we are now trying to release all our e",
    "this site is full of free ebooks",
    "start**the small print",
    "start the small print",
    "start*the small print",
    "start of the small print",
)
"""Openings of the license, and of the lines about the file above it, in lower case."""

LICENSE_WORDS = (
    *("This file should be named", "files of various formats", "will replace the previous"),
    *("Corrected EDITIONS", "VERSIONS based on", "Creating the works from", "FULL LICENSE"),
    *("GUTENBERG LICENSE", "Gutenberg License", "General Terms of Use", "A Word from Project"),
    *("to release all our e", "full of FREE", "SMALL PRINT", "Small Print"),
)
"""Words of these lines as files have them: a fast test before inspecting each line."""


def is_license(line: str) -> bool:
    """Return whether a line starts the license, or the lines about the file above it."""
    return line.lstrip(" \t*").lower().startswith(LICENSE)


HEADING = re.compile(
    # The Project Gutenberg Etext of; an "edition" may be the book's
    rf"^[\s*]*(?:(?:The|An?)\s+)?{FULL_NAME}\s*(?:\(?tm\)?|™)?(?:['’]s?)?\s+(?:\w+\s+){{0,2}}{_FILE}\b"
    r"|^\W*#\d+\s+in\s+(?:our|the)\s+series\b"  # #6 in our series
    # The Internet Wiretap Electronic Edition of
    r"|^[\s*]*(?:an?\s+|the\s+)?[\w\s]{0,40}\b(?:on-?line|electronic)\s+edition\s+of\s*$",
    re.I | re.M,
)
"""The title of the file rather than of the book: "The Project Gutenberg Etext of ..."."""

FIELD = re.compile(
    # An underscore stands for italics.
    r"^[\W_]{0,3}(?:Title|Author|Translator|Editor|Illustrator|Contributor|Compiler|Release\s+Date"
    r"|Posting\s+Date|First\s+Posted|(?:Date\s+)?(?:Most\s+Recently|Last)\s+Updated|Language|Edition"
    r"|Character\s+set(?:\s+encoding)?|Credits|Original\s+Publication|E-?book\s+No\.?|Date\s+first"
    r"\s+posted|Date\s+of\s+first\s+publication|Produced\s+by|Titel|Titre|T[íi]tulo|Titolo|Autore?"
    # French to Danish
    r"|Auteur|Autor|Verfasser|Sprache|Langue|Idioma|Lingua|Taal|Tekij[äa]|Nimi|Kieli|F[öo]rfattare"
    r"|Spr[åa]k|Forfatter|Sprog)\s*:",
    re.I,
)
"""The label of a field in a header."""

LEGAL = re.compile(
    r"for\s+the\s+use\s+of\s+anyone|almost\s+no\s+restrictions|copyright\s+laws|small\s+print"
    r"|do\s+not\s+(?:remove|change\s+or\s+edit)|Readable\s+By\s+Both\s+Humans|Plain\s+Vanilla"
    r"|Prepared\s+By\s+(?:Hundreds|Thousands)|made\s+available\s+at\s+no\s+cost|e-?book\s*#\s*\d+"
    r"|e-?text\s*#\s*\d+|public\s+domain\s+in\s+(?:Canada|Australia|the\s+United)",
    re.I,
)
"""Terms that only the header of such a file has."""


def is_after_end(rest: str) -> bool:
    """Return whether a text can follow an END line: nothing, terms, or the project's matter."""
    # The first lines may continue the title in the END line.
    mention = MENTIONS_PROJECT.search(rest.partition("\n\n")[2])
    return not rest.strip() or LEGAL.search(rest) is not None or mention is not None


RULE = re.compile(r"\s*(?:[*_=~+#·•–—-]\s*){3,}")
"""A line of ornaments."""


def is_rule(line: str) -> bool:
    """Return whether a line has only ornaments."""
    return RULE.fullmatch(line) is not None


def marker_end(lines: list[str], index: int) -> int:
    """Return the line after a START line, whose title may extend over five more lines."""
    if lines[index].rstrip().endswith("*"):
        return index + 1
    # Without a closing "**" before the next blank line, the title is on one line.
    for following in range(index + 1, min(index + 6, len(lines))):
        if not lines[following].strip():
            break
        if lines[following].rstrip().endswith("**"):
            return following + 1
    return index + 1
