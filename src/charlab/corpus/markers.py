"""How the lines that are not the book's can be told: by what such lines say.

A block is a run of lines without a blank one. Nothing here knows any title: blocks are
recognised by the phrases that volunteers, the licence and the small print use, in the
languages that Project Gutenberg's files are in.
"""

from __future__ import annotations

import re

_I = re.IGNORECASE

PROJECT = r"Project\s+Gutenberg|Projekt\s+Gutenberg|Projecto?\s+Gutenberg|Proyecto\s+Gutenberg"
PROJECT += r"|Projet\s+Gutenberg|Progetto\s+Gutenberg|Gutenberg[- ]Projekt|Gutenberg-projekti"
MENTIONS_PROJECT = re.compile(PROJECT, _I)

START = re.compile(
    r"^\s*\*{2,}\s*START\s*\*{0,2}\s*(?:OF|DE|DES)\b.{0,40}(?:GUTENBERG|E-?BOOK|E-?TEXT)", _I
)
"""The line that a header ends with; its title may run over further lines up to ``***``."""

END = re.compile(
    r"^\s*\*{2,}\s*END\s*\*{0,2}\s*(?:OF|DE|DES)\b.{0,40}(?:GUTENBERG|E-?BOOK|E-?TEXT)", _I
)

SMALL_PRINT_END = re.compile(r"^\s*\*\s*END\s*\*?\s*THE\s+SMALL\s+PRINT", _I)
SMALL_PRINT_START = re.compile(r"^\s*\**\s*START\s*\**\s*THE\s+SMALL\s+PRINT", _I)

_END_WORDS = (
    r"(?:This\s+is\s+the\s+)?(?:The\s+)?End|Ende|Fin|Fine|Final|Fim|Slut(?:et)?|Einde|Loppu|Koniec"
    r"|Konec|V[ée]ge|Finis|Finit|Sf[âa]r[sș]it|Τέλος|Конец|Pabaiga|Kraj|Endir|Fino|Wakas|終|完"
)
CLOSING = re.compile(
    rf"^\s*[\[(*_]*\s*(?:{_END_WORDS})\b.{{0,60}}?"
    rf"(?:{PROJECT}|(?:this|dieses|de\s+cet?|di\s+questo)\s+(?:e-?text|e-?book))",
    _I | re.DOTALL,
)
"""A last line such as "End of the Project Gutenberg EBook of ..." in one of many languages."""

LICENCE = re.compile(
    r"^\s*\**\s*(?:This file should be named|This and all associated files of various formats"
    r"|Updated editions will replace the previous|Corrected EDITIONS of our e"
    r"|Creating the works from (?:public domain )?print editions|START:?\s+FULL\s+LICENSE"
    r"|THE FULL PROJECT GUTENBERG LICENSE|Section\s+1\.\s+General Terms of Use"
    r"|A Word from Project Gutenberg|\*{3,}\s*This file should be named)",
    _I,
)

PERSON = r"(?:produced|prepared|transcribed|typed|scanned|digiti[sz]ed|proof-?read|created|entered"
PERSON += r"|converted|compiled|formatted|reformatted|corrected|provided|contributed|donated|edited"
PERSON += r"|marked\s+up|keyed|rendered|made)"
_BOOK = (
    r"(?:e-?texts?|e-?books?|electronic\s+(?:text|edition|version)|html(?:\s+version)?|text|file"
)
_BOOK += r"|book|version|edition)"

CREDITS = re.compile(
    rf"^\s*[\[(*_]*\s*(?:"
    rf"{PERSON}\b[^.\n]{{0,40}}?\b(?:by|from|for|at|in\s+by)\b"
    rf"|(?:this|the|an?)\s+(?:\w+\s+)?{_BOOK}\s+(?:was|is|were|has\s+been)?\s*(?:\w+\s+)?{PERSON}\b"
    rf"|{_BOOK}\s+(?:{PERSON}|by)\b"
    rf"|(?:HTML|Text|Scanning|OCR|Proofing|Proofreading|Images?|Scans?)\s+(?:version\s+)?by\b"
    rf"|(?:e-?text|e-?book)\s+(?:{PERSON}|transcription)"
    rf"|(?:special\s+)?thanks?\s+(?:to|are|go)\b|with\s+(?:special\s+)?thanks\b"
    rf"|we\s+(?:would\s+like\s+to\s+)?thank\b"
    rf"|credits?\s*:|transcription\s+by\b|transcribed\b"
    rf"|(?:the\s+)?(?:online\s+)?distributed\s+proofread"
    rf"|\(?this\s+(?:file|e-?text|e-?book)\s+was\s+\w+"
    rf"|this\s+(?:e-?text|e-?book)\s+is\s+(?:in\b|an?\s+independent)"
    rf"|nous\s+remercions|merci\s+[àa]|remerciements"
    rf"|(?:produit|préparé|transcrit|numérisé|réalisé|fourni)e?s?\s+par\b"
    rf"|(?:erstellt|bereitgestellt|transkribiert|hergestellt)\s+von\b|dieses\s+buch\s+wurde\s+uns\b"
    rf"|(?:producido|preparado|transcrito|digitalizado|produzido|feito)\s+por\b"
    rf"|(?:prodotto|trascritto|realizzato|preparato)\s+da\b"
    rf"|(?:tuottanut|tuottaneet|tuotettu)\b|(?:producerad|framställd|transkriberad)\s+av\b"
    rf"|(?:geproduceerd|vervaardigd|gemaakt)\s+door\b|(?:produceret|fremstillet)\s+af\b"
    rf")",
    _I,
)
"""The first line of a block that says who made the file."""

SITES = re.compile(r"pgdp\.net|distributed\s+proofread|gutenberg\.(?:org|net)|pglaf\.org", _I)
"""What only a block about the file names, wherever in the block it does."""

FILE_FORMAT = re.compile(r"\b[78][- ]bit\b|\bASCII\b|\bISO[- ]8859|\bUTF-8\b|\bLatin-1\b", _I)
"""What a block in front of the body says of the file's characters."""

NOTE = re.compile(
    r"^\s*[\[({*_=~+|-]*\s*(?:"
    r"transcribers?['’]?s?['’]?\s+(?:end\s*)?(?:note|comment|remark|annotation)s?"
    r"|note\s+(?:du|des|de\s+la|de\s+l['’])\s*(?:transcript|correct)\w*|notes?\s+de\s+transcription"
    r"|anmerkung(?:en)?\s+(?:zur|des|der|von)\s+(?:transkri\w+|bearbeit\w+)"
    r"|hinweise?\s+zur\s+transkription"
    r"|notas?\s+(?:de(?:l|\s+la)?|do|da)\s+transcri\w+|nota\s+del\s+trascrit\w+"
    r"|opmerking(?:en)?\s+van\s+de\s+bewerker|transcriptie|bemerkungen\s+zur\s+textgestalt"
    r"|paalala\s+ng\s+nagsalin|noter?\s+till\s+transkription|transkriptor\w*"
    r"|huomautus(?:\s|:)|σημείωση\b|примечани[ея]\s+(?:редактора|переводчика\s+файла)"
    r"|e-?text\s+(?:editor|transcriber)['’]?s?\s+notes?|editorial\s+notes?\s+to\s+the\s+e-?text"
    r"|\(?note\s*:\s|project\s+gutenberg\s+(?:editor|transcriber)"
    r"|notes?\s+(?:on|about|to)\s+(?:this|the)\s+(?:e-?text|e-?book|electronic)"
    r"|tavola\s+dei\s+caratteri\s+speciali|table\s+of\s+special\s+characters"
    r")",
    _I,
)
"""The first line of a note by whoever made the file."""

STRICT_NOTE = re.compile(
    r"transcri|transkri|trascri|bewerker|nagsalin|e-?text|e-?book|caratteri\s+speciali"
    r"|special\s+characters|textgestalt|gutenberg",
    _I,
)
"""What a note behind the body must say, where a bare "Note:" may be the author's."""

ETEXT_HEADER = re.compile(
    rf"^\s*\**\s*(?:The\s+)?(?:{PROJECT})['’]?s?\s+(?:e-?text|e-?book|edition)\s+of\b"
    r"|^\s*\(?#\d+\s+in\s+our\s+series\b|^\s*\[#\d+\s+in\s+our\s+series\b"
    r"|online\s+edition\s+of\s*$",
    _I,
)

LINK = re.compile(
    r"^\s*(?:\[?(?:note|this\s+file)?[^\n]{0,60}(?:html|images?|illustrat)[^\n]{0,120}"
    r"(?:gutenberg|https?://|www\.))",
    _I | re.DOTALL,
)
