"""Small Gutenberg files, written for the tests: headers, credits, notes and ends of many kinds."""

# ruff: noqa: E501 - one entry, one line, as tables are read

from __future__ import annotations

from hypothesis import strategies as st

BODY = """\
THE SALT ROAD

By Mara Venn


CHAPTER I. The Ferry

It was raining on the ferry when the old man came aboard, and nobody asked him
for his fare. He sat down among the crates, took off his hat, and began to count
the lamps along the quay.

"There were nine of them," he said, "when I was a boy."

CHAPTER II. The Road

They walked until the dark. The salt lay in the ruts like snow, and the mules
would not be hurried.

He never told her what the ninth lamp had been.

THE END"""

POEM = """\
Here the river turns and listens,
Here the heron stands alone;
All the night the water glistens,
Telling over stone by stone.

Who has asked it where it travels?
Who has told it to be still?
Slowly, slowly it unravels
All the secrets of the hill."""

HEADER = """\
The Project Gutenberg EBook of The Salt Road, by Mara Venn

This eBook is for the use of anyone anywhere at no cost and with
almost no restrictions whatsoever.  You may copy it, give it away or
re-use it under the terms of the Project Gutenberg License included
with this eBook or online at www.gutenberg.org


Title: The Salt Road
       A Story

Author: Mara Venn

Release Date: May 4, 2009 [EBook #99999]

Language: English

Character set encoding: UTF-8

"""
START = "*** START OF THIS PROJECT GUTENBERG EBOOK THE SALT ROAD ***"
END = "*** END OF THIS PROJECT GUTENBERG EBOOK THE SALT ROAD ***"
LICENCE = """\

***** This file should be named 99999-0.txt or 99999-0.zip *****

Updated editions will replace the previous one--the old editions
will be renamed.

*** START: FULL LICENSE ***

THE FULL PROJECT GUTENBERG LICENSE
PLEASE READ THIS BEFORE YOU DISTRIBUTE OR USE THIS WORK
"""


def book(
    body: str = BODY,
    front: str = "",
    back: str = "",
    *,
    header: str = HEADER,
    start: str = START,
    end: str = END,
    licence: str = LICENCE,
) -> str:
    """Return a file of the usual structure."""
    parts = [header + start if header or start else ""]
    parts += [front] if front else []
    parts += [body]
    parts += [back] if back else []
    parts += [end + "\n" + licence if end or licence else ""]
    return "\n\n\n\n".join(part for part in parts if part) + "\n"


STARTS = {
    "of this": START,
    "no blank": "***START OF THE PROJECT GUTENBERG EBOOK THE SALT ROAD***",
    "etext": "*** START OF THE PROJECT GUTENBERG ETEXT OF THE SALT ROAD ***",
    "comma": "*** START OF THE PROJECT GUTENBERG EBOOK, THE SALT ROAD ***",
    "two lines": "*** START OF THE PROJECT GUTENBERG EBOOK THE SALT ROAD, BEING\nA STORY ***",
    "three lines": "*** START OF THE PROJECT GUTENBERG EBOOK THE SALT\nROAD, BEING A STORY\nOF THE FERRY ***",
    "misspelt": "*** START OF TIHS PROJECT GUTENBURG EBOOK THE SALT ROAD ***",
    "missing letter": "*** START OF THIS PROJET GUTENERG EBOOK THE SALT ROAD ***",
    "lower case": "*** Start of this Project Gutenberg eBook The Salt Road ***",
    "indented": "   *** START OF THE PROJECT GUTENBERG EBOOK THE SALT ROAD ***",
    "no stars": "START OF THIS PROJECT GUTENBERG EBOOK THE SALT ROAD",
    "German": "*** ANFANG DES PROJEKT GUTENBERG EBOOKS DIE SALZSTRASSE ***",
    "French": "*** DÉBUT DU PROJET GUTENBERG EBOOK LA ROUTE DU SEL ***",
    "Spanish": "*** COMIENZO DE ESTE PROYECTO GUTENBERG EBOOK EL CAMINO DE LA SAL ***",
    "Italian": "*** INIZIO DI QUESTO PROGETTO GUTENBERG EBOOK LA VIA DEL SALE ***",
    "Portuguese": "*** INÍCIO DESTE PROJECTO GUTENBERG EBOOK A ESTRADA DO SAL ***",
    "Dutch": "*** BEGIN VAN HET PROJECT GUTENBERG EBOEK DE ZOUTWEG ***",
    "Swedish": "*** BÖRJAN AV PROJEKT GUTENBERG E-BOKEN SALTVÄGEN ***",
    "twice": START + "\n\n\n" + START,
}

ENDS = {
    "of this": END,
    "no blank": "***END OF THE PROJECT GUTENBERG EBOOK THE SALT ROAD***",
    "indented": "        \n            *** END OF THE PROJECT GUTENBERG EBOOK THE SALT ROAD ***\n        ",
    "two lines": "*** END OF THE PROJECT GUTENBERG EBOOK THE SALT ROAD, BEING\nA STORY ***",
    "lower case": "*** End of this Project Gutenberg eBook The Salt Road ***",
    "misspelt": "*** END OF TIHS PROJECT GUTENBURG EBOOK THE SALT ROAD ***",
    "missing letter": "*** END OF THIS PROJET GUTENERG EBOOK THE SALT ROAD ***",
    "German": "*** ENDE DES PROJEKT GUTENBERG EBOOKS DIE SALZSTRASSE ***",
    "French": "*** FIN DU PROJET GUTENBERG EBOOK LA ROUTE DU SEL ***",
    "Spanish": "*** FIN DE ESTE PROYECTO GUTENBERG EBOOK EL CAMINO DE LA SAL ***",
    "Italian": "*** FINE DI QUESTO PROGETTO GUTENBERG EBOOK LA VIA DEL SALE ***",
    "Portuguese": "*** FIM DESTE PROJECTO GUTENBERG EBOOK A ESTRADA DO SAL ***",
    "Dutch": "*** EINDE VAN DIT PROJECT GUTENBERG EBOEK DE ZOUTWEG ***",
    "Finnish": "*** LOPPU: PROJECT GUTENBERG E-KIRJA SUOLATIE ***",
    "end of book": "*** END OF THE PROJECT GUTENBERG BOOK ***",
}

CREDITS = {
    "produced": "Produced by Ann Ode, Per Sky and the Online\nDistributed Proofreading Team at http://www.pgdp.net (This\nfile was produced from images generously made available\nby The Internet Archive)",
    "produced, short": "Produced by Ann Ode",
    "produced, colon": "Produced by: Ann Ode",
    "e-text prepared": "E-text prepared by Ann Ode\nand the Project Gutenberg Online Distributed Proofreading Team\n(http://www.pgdp.net)",
    "with link": "E-text prepared by Ann Ode\n\n\n\nNote: Project Gutenberg also has an HTML version of this\n      file which includes the original illustrations.\n      See 99999-h.htm or 99999-h.zip:\n      (http://www.gutenberg.org/files/99999/99999-h.zip)",
    "images": "E-text prepared by Ann Ode from page images generously made\navailable by Internet Archive (https://archive.org)\n\n\n\n      Images of the original pages are available through\n      Internet Archive. See\n      https://archive.org/details/saltroad00venn",
    "transcribed": "Transcribed from the 1902 Bell & Sons edition by Ann Ode, email ann@ode.example.org",
    "scanned": "Scanned and proofed by Ann Ode",
    "typed": "This book was typed in by Ann Ode.",
    "etext was": "This etext was prepared by Ann Ode.",
    "etext created": "Etext created by A. Ode",
    "digitized": "Digitized by the Old Press, A.O. Posted to Wiretap in May 1993, as salt.txt.\nThis text is in the PUBLIC DOMAIN.",
    "html version": "HTML version by Ann Ode.",
    "proofreaders": "Juliet Ode, Per Sky and the Online Distributed Proofreading Team",
    "thanks": "Produced by Ann Ode\n\nSpecial thanks to Per Sky for the loan of the book.",
    "in two languages": "Produced by Ann Ode\n\nWe thank the National Library that has made available the\nimage files at www://library.example, authorizing the\npreparation of the etext through OCR.\n\nNous remercions la Bibliothèque Nationale qui a mis à\ndisposition les images dans www://library.example.",
    "language": "This Etext is in German.\n\nThis is the 8-bit version with accents.",
    "file's title": "The Project Gutenberg Etext of The Salt Road\nby Mara Venn\n(#6 in our series by Mara Venn)\n\n***\n\nProduced by Ann Ode",
    "wiretap": "The Internet Wiretap Electronic Edition of",
    "German": 'Dieses Buch wurde uns freundlicherweise vom "Gutenberg Projekt-DE"\nzur Verfügung gestellt. Das Projekt ist unter der Internet-Adresse\nhttp://gutenberg.example.de erreichbar.',
    "French": "Produit par Ann Ode et l'équipe des relecteurs",
    "Spanish": "Producido por Ann Ode",
    "Italian": "Questo e-book è stato realizzato anche grazie al sostegno di:\nE-text, Editoria, Web design, Multimedia\nhttp://www.e-text.example/",
    "Portuguese": "Produzido por Ann Ode",
    "Finnish": "Tuottanut Ann Ode ja Per Sky",
    "Dutch": "Geproduceerd door Ann Ode",
    "several": "Produced by Ann Ode\n\n\n\n\nUpdated by Per Sky from scans at https://archive.example/",
}

NOTES = {
    "bracket": "[Transcriber's Note: Spelling is as in the book.\n\nObvious errors were corrected.]",
    "heading": "TRANSCRIBER'S NOTES\n\nItalics are marked with _underscores_.\n\nThe author's spelling has been retained.",
    "typographic": "Transcriber’s note:\n\nThe text of this e-book has been preserved in its original form,\nincluding inconsistent hyphenation.\n\nThe cover image was created by the transcriber and is placed in\nthe public domain.",
    "box": "+--------------------------------------------------+\n| Transcriber's Note:                              |\n|                                                  |\n| Hyphenation has been standardised.               |\n+--------------------------------------------------+",
    "rules": "---------------------------------------\n\nTranscriber's Note\n\nObvious printer's errors have been corrected.\n\n---------------------------------------",
    "German": "Anmerkungen zur Transkription:\n\nDer Text wurde originalgetreu übertragen; lediglich offensichtliche\nDruckfehler wurden berichtigt.\n\nKursiver Text ist mit _Unterstrichen_ gekennzeichnet.",
    "German bracket": "[Anmerkungen zur Transkription: Schreibweise und Interpunktion\nwurden übernommen.]",
    "French": "Note du transcripteur: les erreurs clairement introduites par le\ntypographe ont été corrigées. L'orthographe d'origine a été conservée.",
    "French reader": "Note au lecteur de ce fichier digital:\n\nSeules les erreurs clairement introduites par le typographe ont été\ncorrigées.",
    "Spanish": "Nota del Transcriptor:\n\nSe ha respetado la ortografía y la acentuación del original.\n\nErrores obvios de imprenta han sido corregidos.",
    "Portuguese": "*Nota de editor:* Devido à existência de erros tipográficos neste\ntexto, foram tomadas várias decisões quanto à versão final. Em caso\nde dúvida, a grafia foi mantida de acordo com o original.",
    "Italian": "Nota del Trascrittore\n\nOrtografia e punteggiatura originali sono state mantenute, correggendo\ni minimi errori tipografici.",
    "Dutch": "Opmerkingen van de bewerker\n\nDe in het oorspronkelijke werk gebruikte spelling is behouden.\n\nOverduidelijke druk- en spelfouten zijn gecorrigeerd.",
    "Swedish": "Transkriberingsnotering:\n\nUppenbara tryckfel har rättats.",
    "Finnish": "Huomautus sähköisestä versiosta:\n\nAlkuperäisen painoksen oikeinkirjoitus on säilytetty.",
    "Danish": "Bemærkninger til den elektroniske udgave:\n\nDer er rettet enkelte trykfejl.",
    "Polish": "Notatki skryptora:\n\nOryginalna pisownia została zachowana.\n\nPoprawiono oczywiste błędy drukarskie.",
    "Hungarian": "[Megjegyzés a digitális változathoz: A nyomdai hibákat javítottuk.]",
    "Greek": "Note: The tonic system has been changed from polytonic to\nmonotonic, otherwise the spelling of the book has not been\nchanged. Footnotes have been converted to endnotes.\n\nΣημείωση: Ο τονισμός έχει αλλάξει από πολυτονικό σε μονοτονικό,\nκατά τα άλλα έχει διατηρηθεί η ορθογραφία του βιβλίου.",
    "Tagalog": "[Transcriber's note: Tilde g is marked as ~g in this edition.]\n\n[Paalala ng nagsalin: May kilay ang mga salita upang ipakita ang\ndating estilo sa pagsulat.]",
    "etext editor": "Etext editor's note: the accents of the first edition are kept.",
    "scanner": "Scanner's Notes: What this is and isn't. I have left the spelling as\nclose as possible to the printed text.\n\nIf you find any scanning errors, please email me; I wish to make this the\nbest etext possible.",
}

BACK_NOTES = {
    "list": 'Transcriber\'s Notes:\n\nThe following errors have been corrected in the text.\n\nPage 3: "teh" changed to "the"\n\nPage 9: "fery" changed to "ferry"',
    "bracket list": "[Transcriber's Note: The following changes were made:\n\nPage 3: teh to the\nPage 9: fery to ferry]",
    "German list": "-----------------------------\nAnmerkungen zur Transkription\n\nFolgende Anpassungen wurden vorgenommen:\n\n  Seite 24, statt quires, lies qui res\n  Seite 26, statt oder, lies odor",
    "characters": "  - - - - - - - - - - - - -\n\n  TABLE OF SPECIAL CHARACTERS\n\n      à = a grave\n      è = e grave\n\n      ä = a uml",
    "Portuguese list": "Lista de erros corrigidos\n\nAqui encontram-se listados todos os erros encontrados e corrigidos:\n\n  +-----------+----------+-----------+\n  |           | Original | Correcção |\n  | #pág.  11 | feri     | ferry     |\n  +-----------+----------+-----------+",
    "French list": "Notes sur la transcription: les fautes d'impression ont été corrigées.\n\nPage 3: «fery» remplacé par «ferry»",
    "bookmarks": "ETEXT EDITOR'S BOOKMARKS:\n\nAll the night the water glistens\nNobody asked him for his fare",
}

CLOSINGS = {
    "of project": "End of Project Gutenberg's The Salt Road, by Mara Venn",
    "of the project": "End of the Project Gutenberg EBook of The Salt Road, by Mara Venn",
    "over two lines": "End of the Project Gutenberg EBook of The Salt Road,\nby Mara Venn",
    "over three lines": "End of the Project Gutenberg EBook of The Salt\nRoad, being a Story of the Ferry,\nby Mara Venn",
    "twice": "End of The Project Gutenberg Etext of The Salt Road\nEnd of The Project Gutenberg Etext of Salt Road, The",
    "the end": "The End of the Project Gutenberg Etext of The Salt Road",
    "bracket": "[End of this Etext of The Salt Road]",
    "German": 'Ende dieses Projekt Gutenberg Etextes "Die Salzstraße" von Mara Venn',
    "French": "Fin du Projet Gutenberg EBook de La Route du sel",
    "French etext": "Fin de cet etext de La Route du sel",
    "Spanish": "Fin del Proyecto Gutenberg EBook de El camino de la sal",
    "Italian": "Fine del Progetto Gutenberg EBook di La via del sale",
    "Dutch": "Einde van dit Project Gutenberg eBoek De zoutweg",
    "Finnish": "Project Gutenberg -e-kirjan Suolatie loppu",
    "Portuguese": "Fim do Projecto Gutenberg EBook de A Estrada do Sal",
    "misspelt": "End of Porject Gutenberg's The Salt Road, by Mara Venn",
    "misspelt again": "End of the Project Gutenburg EBook of The Salt Road",
    "with essay": "End of The Project Gutenberg Etext of The Salt Road\n\n[#1 in our series is the Complete Works.]\n\nThis Etext was prepared by the Project Gutenberg Team",
    "sister project": "[The end of _The Salt Road_, by Mara Venn]",
}

BEGINNINGS = {
    "edited by": "Edited by a Friend\n\n\nTHE SALT ROAD",
    "illustration": "[Illustration: The ferry at night]\n\n\nTHE SALT ROAD",
    "stage": "[Scene: the quay of a small town. Rain.]\n\nFIRST CARRIER: Who is there?",
    "bracket": "[Entered at Stationers' Hall]\n\nTHE SALT ROAD",
    "author's note": "NOTE.\n\nThis story was told to me by a carrier.\n\n\nTHE SALT ROAD",
    "author's note to the reader": "Note: the names are not those of living persons.\n\n\nTHE SALT ROAD",
    "author": "MARA VENN\n\nTHE SALT ROAD",
    "translated": "Translated from the Old Ferrish by R. H.\n\nTHE SALT ROAD",
    "made": "Made by hand at the Old Press in Ferry Lane.\n\nTHE SALT ROAD",
    "ornament": "* * *\n\nTHE SALT ROAD",
    "Roman": "I\n\nIt was raining.",
    "prose": "It was raining on the ferry, and the carriers sat in the dry.",
}

ENDINGS = {
    "finis": "FINIS.",
    "fin de": "FIN DU SECOND TOME.",
    "final de": "Final de A Estrada do Sal",
    "end of volume": "END OF VOLUME I.",
    "index": "INDEX\n\nFerry, 3, 9\nLamps, 9, 11-14\nSalt, _passim_",
    "notes": "NOTES\n\nPage 3. The ferry was built in 1790.\n\nPage 9. Compare Gibbon, chap. 50.",
    "author's note": "Note.--The author thanks her printer, who corrected many errors.",
    "footnotes": "Footnotes:\n\n[1] So in the original.\n\n[2] An obvious error of the first edition.",
    "list of errata": 'ERRATA.\n\nPage 3, line 9, for "fery" read "ferry".',
    "printer": "LONDON: PRINTED BY BELL AND SONS,\nFERRY LANE.",
    "date": "Salt Town, August 1861.",
    "inline note": "[Transcriber's Note: a page is missing here.]\n\nSo the road was open, and the carriers went home.",
    "advertisement": "BOOKS BY THE SAME AUTHOR\n\nThe Ninth Lamp. 6s.",
    "about Gutenberg": "Here ends the lay that Gutenberg first printed.",
}

blanks = st.text(" \t\u00a0\u3000", max_size=3)
words = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Co", "Cn")),
    max_size=30,
)
lines = st.one_of(
    words,
    st.builds(str.__add__, words, blanks),
    st.sampled_from(["", "", "CHAPTER I.", "* * *", "[1] A note.", "The end", "Note: so", '"No."']),
)
bodies = st.lists(lines, min_size=3, max_size=25).map(
    lambda chosen: "\n".join(["The ferry left the quay at nine that night.", *chosen, "So it was."])
)
"""Bodies of any characters, fenced by two plain lines."""

fronts = st.lists(
    st.sampled_from([*CREDITS.values(), *NOTES.values()]), max_size=2, unique=True
).map("\n\n\n\n".join)
backs = st.lists(
    st.sampled_from([*BACK_NOTES.values(), *CLOSINGS.values()]), max_size=2, unique=True
).map("\n\n\n\n".join)
files = st.builds(
    book,
    bodies,
    fronts,
    backs,
    start=st.sampled_from(list(STARTS.values())),
    end=st.sampled_from(list(ENDS.values())),
)
