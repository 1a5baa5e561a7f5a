"""Words of the labels of notes on a file, in the languages of Project Gutenberg.

A label has a word for "note" and one for a maker of the file close to each other. Where words have
no blanks between them, or one stands for two, a label is spelled as a whole.
"""

from __future__ import annotations

NOTE = (
    # English and Romance
    r"(?:notes?|noot|noten|not(?:ae|[ae][sr]?)|noto[jn]?|nót\w*|not[ăy]|notele|comments?|remarks?|annotations?|adnotatio\w*|anmerkung\w*"
    # German and Dutch
    r"|hinweis\w*|bemerkung\w*|notiz\w*|opmerking\w*|aantekening\w*|anmärkning\w*|bemærkning\w*"
    # Scandinavian, Finnish, Hungarian, Polish
    r"|merknad\w*|noter\w*|huomautu\w*|huomio\w*|muistiinpano\w*|megjegyz\w*|uwag[ai]|notatk\w*|przypis[yk]\w*|od\s+wydawc\w*"
    # Slavic, Greek
    r"|poznámk\w*|примечани\w*|замечани\w*|примітк\w*|бележк\w*|напомен\w*|bilješk\w*|σημε[ίι]ωσ\w*|σημειώσ\w*"
    # Tagalog, Icelandic, Baltic
    r"|paalala|pabatid|patalastas|tala|nodi?ad\w*|nodyn|athugas\w*|pastab\w*|piezīm\w*|märk\w*|opomb\w*|napomen\w*|observa\w+"
    # Turkish, Basque, Malay, Vietnamese
    r"|notu|notları|ohar\w*|catatan|ghi\s+chú"
    r"|remarques?|avi[sz]o?|advertencia|avvertenz\w*|addend\w*|corrections?|errata|changes|errors"
    r"|amendments?|emendations?|alterations?|modifications?|typos|list[ae]?"
    r"|apostille\w*|rimark\w*|注|註|说明|說明)"
)
"""Words for a note."""

MAKER = (
    # not the transcript of a trial
    r"(?:transcr\w*(?!\s+of\s+(?!(?:this|the)\s))|transkr\w*|transskr\w*|trascr\w*"
    # Slavic with Cyrillic letters, Greek
    r"|транскри\w*|переписчик\w*|оцифров\w*|набор\w*|переписувач\w*|преписв?ач\w*|преписивач\w*|электронн\w*|електронн?\w*"
    r"|μεταγραφ\w*|ηλεκτρονικ\w*"
    r"|bewerk\w*"
    r"|nagsalin|(?:taga)?(?:nag|pag)lipat|naglimbag|proof-?\s?read\w*|preparers?|digiti[sz]ers?|typists?|scanner|digit\w*|numéris\w*"
    r"|e-kirja\w*|e-?text\w*|e-?book\w*|ebook\w*|html|electron\w*|électron\w*|elektron\w*|elettron\w*|sähkö\w*"
    r"|producers?|updaters?|redactor|project\s+gutenberg|gutenberg|pg|on-?line|korrekturles\w*|(?:re)?relecteur"
    r"|relecture|textgestalt|fichier|datei|correcteur|entrepreneur|executive\s+director|converter"
    r"|skrásetj\w*|umritar\w*|skryptor\w*|przepisuj\w*|przepisyw\w*|afskriv\w*|avskriv\w*|přepis\w*|prepis\w*"
    # Hungarian, Finnish, Baltic, Turkish, Celtic, Malay, Vietnamese
    r"|átír\w*|puhtaaksikirj\w*|perraš\w*|pārrakst\w*|aktaran\w*|dijital\w*|tras-?scríobh\w*|trawsgrif\w*|penyalin|pengetik"
    r"|người\s+(?:chép|đánh\s+máy)|录入|錄入|轉錄|转录|輸入|入力|校)"
)
"""Words for a maker of a file, or for its making."""

MADE_OF_OLD = (
    r"(?<![^\W_])(?:gutenberg|ele[ck]tr\w*|[ée]lectr\w*|elettr\w*|digit\w*|dijital\w*|numéris\w*|on-?line|pg"
    r"|naglimbag|набор\w*|электронн\w*|електронн?\w*|ηλεκτρονικ\w*)(?![^\W_])"
)
"""Those words of makers that a book may have, too: its subject may be Gutenberg, or electrons."""

COPYISTS = (
    # Slavic with Cyrillic letters, Polish
    r"(?:(?<![^\W_])(?:переписчик\w*|переписувач\w*|преписв?ач\w*|преписивач\w*|od\s+przepisującego"
    # Turkish, Malay, Vietnamese, Finnish, Icelandic, Hungarian, Baltic
    r"|aktaran\w*|penyalin|người\s+chép|puhtaaksikirj\w*|umritar\w*|átír\w*|pārrakst\w*|perraš\w*"
    # Chinese and Japanese, Korean, Hebrew, Arabic
    r"|抄[录錄]\w*|校訂\w*|転[写記]\w*|[转轉][写寫录錄]\w*|(?:전사자|필사자|교정자)\w*|ה?מעתיק\w*|الناسخ"
    r")(?![^\W_])"
    # English
    r"|\bof\s+an?\s+\w+\W*$|\blist\s+of\s+\w+ers\b)"
)
"""Words for those who copied a manuscript or edited a book in print, and forms of its titles."""

_CJK_MAKER = (
    r"(?:转录|轉錄|转写|轉寫|抄录|抄錄|录入|錄入|输入|輸入|入力|転記|転写|校對|校对|校正|校訂|電子化|数字化|數位化|数位化"
    r"|電子版|电子版|電子書|电子书|電子テキスト|電子書籍)"
)
WHOLE = (
    # Chinese and Japanese: the maker, "by", "note", and then a colon or nothing
    rf"(?:{_CJK_MAKER}(?:作成)?[者人员員]?(?:による|から|より|的|之|の)?[注註说說説](?:记|記|释|釋|明)?(?=\W*$|\s*[：:。．\]］】〕）)])"
    r"|(?:本文の|テキストの)?電子(?:テキスト)?化に(?:あたって|当たって|際して|ついて)(?=\W*$|\s*[：:])"
    # Korean
    r"|(?:전사자|입력자|필사자|교정자|전자책\s*제작자|전자책|전자화|디지털화)의?\s*(?:주석?|노트|메모|말)(?=\W*$|\s*[：:])"
    # Hebrew, Arabic
    r"|הער(?:ת|ות)\s+(?:ה?מעתיק\w*|ה?מקליד\w*|ה?מתמלל\w*|ה?סורק\w*|ה?מהדורה\s+ה?(?:אלקטרונית|דיגיטלית))(?=\W*$|\s*:)"
    r"|ملاحظ(?:ة|ات)\s+(?:الناسخ|المدو[ِّ]*ن|الرقمنة|النسخة\s+الإلكترونية)(?=\W*$|\s*:)"
    # Slavic: from the copyist
    r"|от\s+(?:переписчика|наборщика|оцифровщика)(?=\W*$|\s*:)|від\s+переписувача(?=\W*$|\s*:)"
    r"|od\s+(?:transkrybenta|przepisującego|skryptora)(?=\W*$|\s*:))"
)
"""Labels as a whole."""

STEMS = (
    "noot", "录", "錄", "校", "輸", "输", "入力", "転", "转", "轉", "電子", "电子",
    "数字化", "數位", "数位", "주", "노트", "메모", "말", "הער", "ملاحظ", "перепис",
    "набор", "оцифр", "преписв", "преписив", "note", "not ", "nota",
    "noto", "notă", "notj", "notu", "notlar", "nóta", "nodyn", "oharr",
    "catatan", "ghi chú", "piezīm", "bilješ", "transkryb", "przep",
    "skrypt", "przyp", "adnot", "noty", "notat", "notiz", "comment",
    "remar", "annot", "addend", "corr", "err", "chang", "anm", "hinw",
    "merk", "bem", "aantek", "huom", "muist", "megj", "uwag", "wydawc",
    "pozn", "прим", "замеч", "бел", "напом", "σημ", "paal", "pabat",
    "patal", "tala", "nod", "athug", "pasta", "märk", "opomb", "napom",
    "obser", "aviso", "avizo", "avis", "avver", "advert", "apost",
    "rimark", "注", "註", "说", "說", "trans", "tavola", "table", "änder",
    "korr", "bookm", "colo", "list", "javí", "opra", "rett", "rätt",
    "verbet", "overz", "au lect", "amend", "emend", "alter", "typo",
    "druckf", "faute", "modif", "refus", "tryck", "tryk", "fel", "leið",
    "parand", "virhe", "erar", "опеч", "испр", "διορ", "drukf", "błę",
    "inconsis", "anomal", "misprint", "zetf", "corre",
)  # fmt: skip
"""Substrings of which every label of a note has one: a fast test before the regex."""
