"""Labels of notes in many languages, each with a sentence as such notes have it.

All were written for the tests.
"""

from __future__ import annotations

import pytest
from file_forms import END, START
from gutenberg_files import BODY, HEADER, LICENSE, POEM, book

from charlab.clean.cleaner import clean

LABELS = {
    "転記者注": "明らかな誤植は訂正した。",
    "転記者による注": "原文の仮名遣いをそのまま残した。",
    "電子化にあたって": "明らかな誤植は訂正した。",
    "轉錄者註": "原書的錯別字已改正。",
    "转写者注": "原文的错别字已改正。",
    "抄錄者註": "原文的錯字已改正。",
    "電子版說明": "異體字依原書，標點已改正。",
    "校對者註": "標點依原書。",
    "錄入說明": "原書錯字已改正。",
    "전사자 주": "명백한 오타를 바로잡았다.",
    "입력자 주": "원문의 맞춤법을 그대로 두었다.",
    "Σημειώσεις του μεταγραφέα": "Διορθώθηκαν τυπογραφικά λάθη.",
    "Σημείωση για την ηλεκτρονική έκδοση": "Η ορθογραφία του βιβλίου διατηρήθηκε.",
    "ΣΗΜΕΙΩΣΗ ΤΟΥ ΜΕΤΑΓΡΑΦΕΑ": "Διορθώθηκαν τυπογραφικά λάθη.",
    "הערת המעתיק": "שגיאות כתיב תוקנו.",
    "הערות המקליד": "טעויות דפוס תוקנו.",
    "ملاحظة الناسخ": "صُحّحت الأخطاء المطبعية.",
    "Примечание переписчика": "опечатки исправлены.",
    "Примечания наборщика": "Орфография оригинала сохранена.",
    "Примечание оцифровщика": "Очевидные ошибки исправлены.",
    "От переписчика": "Очевидные опечатки исправлены.",
    "Примечания к электронному изданию": "Орфография сохранена.",
    "Примітка переписувача": "Виправлено очевидні помилки друку.",
    "Бележка на преписвача": "Правописът на оригинала е запазен.",
    "Напомена преписивача": "Исправљене су штампарске грешке.",
    "Napomena prepisivača": "Ispravljene su tiskarske pogreške.",
    "Bilješka transkriptora": "Ispravljene su očite pogreške.",
    "Opomba prepisovalca": "Očitne tiskovne napake so popravljene.",
    "Poznámka přepisovatele": "Zjevné chyby byly opraveny.",
    "Poznámky k přepisu": "Zjevné tiskové chyby byly opraveny.",
    "Poznámka prepisovateľa": "Zjavné chyby boli opravené.",
    "Nota transcriptorului": "Au fost corectate greșelile de tipar.",
    "Notele transcriptorului": "Ortografia originală a fost păstrată.",
    "Az átíró megjegyzései": "A nyilvánvaló nyomdahibákat javítottuk.",
    "Megjegyzések az átíráshoz": "A helyesírást megőriztük.",
    "Perrašinėtojo pastaba": "Akivaizdžios spaudos klaidos ištaisytos.",
    "Pārrakstītāja piezīme": "Acīmredzamas kļūdas izlabotas.",
    "Transkribeerija märkus": "Ilmsed trükivead on parandatud.",
    "Transkripsiyon notu": "Yazım yanlışları düzeltildi.",
    "Athugasemd umritara": "Augljósar prentvillur voru leiðréttar.",
    "Nóta an tras-scríobhaí": "Ceartaíodh earráidí clóghrafaíochta.",
    "Nodyn y trawsgrifiwr": "Cywirwyd gwallau argraffu amlwg.",
    "Nota do transcritor": "A ortografia foi mantida.",
    "Transkribatzailearen oharra": "Akats tipografikoak zuzendu dira.",
    "Nota van die transkribeerder": "Ooglopende drukfoute is reggestel.",
    "Avskriverens merknader": "Åpenbare trykkfeil er rettet.",
    "Merknader til transkripsjonen": "Åpenbare trykkfeil er rettet.",
    "Afskriverens bemærkninger": "Åbenlyse trykfejl er rettet.",
    "Bemærkninger til transskriptionen": "Åbenlyse trykfejl er rettet.",
    "Transkriberarens anmärkning": "Uppenbara tryckfel har rättats.",
    "Huomautus puhtaaksikirjoittajalta": "Ilmeiset painovirheet on korjattu.",
    "Catatan penyalin": "Ejaan asli dipertahankan.",
    "Ghi chú của người chép": "Các lỗi chính tả đã được sửa.",
    "Noto de la transskribinto": "Mi korektis kelkajn preserarojn.",
    "Adnotatio transcriptoris": "Errores typographici correcti sunt.",
    "Nota de transcripció": "S’han corregit errades evidents.",
    "Notas de la transcripción": "Se han corregido errores evidentes de imprenta.",
    "NOTA DE TRANSCRIPCIÓN": "Los errores de imprenta han sido corregidos.",
    "Notas de transcrição": "Foram corrigidos os erros evidentes.",
    "Note del trascrittore": "L’ortografia è stata mantenuta.",
    "NOTE DI TRASCRIZIONE": "Sono stati corretti i refusi.",
    "Nota di trascrizione": "Sono stati corretti gli errori evidenti.",
    "Note sur la transcription électronique": "Les coquilles ont été corrigées.",
    "NOTE DE TRANSCRIPTION": "Les erreurs évidentes ont été corrigées.",
    "Notes de transcription": "L’orthographe d’origine a été conservée.",
    "Opmerkingen van de transcribent": "De spelling is behouden.",
    "Aantekeningen van de bewerker": "Duidelijke zetfouten zijn verbeterd.",
    "Hinweise zur Transkription": "Der Originaltext ist in Fraktur gesetzt.",
    "Anmerkung des Transkribierers": "Druckfehler korrigiert.",
    "Od transkrybenta": "Poprawiono oczywiste błędy drukarskie.",
    "Uwagi do wersji elektronicznej": "Zachowano pisownię oryginału.",
    "Przypisy edytora elektronicznego": "Poprawiono błędy.",
    "Tala ng Tagapaglipat": "Itinama ang mga maling baybay.",
}
FORMS = ("{}\n\n{}", "{}:\n\n{}", "{}: {}", "[{}: {}]", "[{}]\n\n{}")


def body_of(text: str) -> str:
    """Return the body of a file in UTF-8."""
    return clean(text.encode("utf-8")).text


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("label", "text"), LABELS.items(), ids=LABELS)
def test_a_note_goes_in_any_language(label: str, text: str, form: str) -> None:
    """Its label is a heading or before its text, at either end of the book."""
    note = form.format(label, text)
    assert body_of(book(front=note)) == BODY + "\n"
    assert body_of(book(back=note)) == BODY + "\n"


@pytest.mark.parametrize(
    "note",
    [
        "【転記者注：原文の誤字は改めた。】",
        "［校正者註］\n\n誤字を改めた。",
        "（轉錄者註：錯字已改正。）",
    ],
)
def test_wide_brackets(note: str) -> None:
    """Chinese and Japanese have brackets and colons of their own."""
    assert body_of(book(front=note)) == BODY + "\n"
    assert body_of(book(back=note)) == BODY + "\n"


@pytest.mark.parametrize("note", ["轉錄者註：錯字已改正。", "[Transcriber's notes are at the end]"])
def test_a_note_on_one_line_takes_no_line_of_a_poem(note: str) -> None:
    """One blank line separates them."""
    assert body_of(f"{HEADER}{START}\n\n{note}\n\n{POEM}\n\n{END}\n{LICENSE}") == POEM + "\n"


@pytest.mark.parametrize(
    "line",
    [
        "NOTES ON GUTENBERG",
        "Remarks on Electrons",
        "他輸入密碼後說：「註」",
        "電子化の時代に校正者は注意した。",
        "전자책 말이다. 그는 말했다.",
        "От переписчика пришло письмо.",
        "Переписчик набора примечаний сидел и писал.",
        "הערת המעתיק היתה קצרה מאוד.",
    ],
)
def test_a_line_with_the_words_of_a_label_stays(line: str) -> None:
    """It may open or end a book."""
    for body in (f"{line}\n\n{POEM}\n", f"{POEM}\n\n\n{line}\n"):
        assert body_of(book(body)) == body


@pytest.mark.parametrize(
    "note",
    [
        "От переписчика\n\nРукопись эта досталась мне от покойного дяди.",
        "Примечание переписчика\n\nОн пришел ночью и сел у огня.",
        "Примітка переписувача\n\nЦей рукопис я знайшов у скрині.",
        "Напомена преписивача\n\nНашао сам ово у сандуку.",
        "Od przepisującego\n\nPapiery te znalazłem w skrzyni.",
        "校訂者註\n\n此書舊本多殘缺，今據善本補之。",
        "抄錄者註\n\n此書舊本多殘缺。",
        "필사자 주\n\n옛 책을 베꼈다.",
        "Aktaranın notu\n\nBunu dedemden duydum.",
        "Catatan penyalin\n\nSaya menemukan ini di dalam peti.",
        "Az átíró megjegyzései\n\nEzt egy ládában találtam.",
        "הערת המעתיק\n\nכתבתי זאת בלילה.",
        "ملاحظة الناسخ\n\nكتبت هذا في الليل.",
        "Notes of a Scanner\n\nIt was raining on the ferry when he came.",
        "Errors of a Typist\n\nIt was raining on the ferry when he came.",
        "List of Transcribers\n\nIt was raining on the ferry when he came.",
    ],
)
def test_a_label_of_a_copyist_above_a_story_stays(note: str) -> None:
    """He may be a person of the book, or may have edited it in print."""
    body = f"{note}\n\n{POEM}\n"
    assert body_of(book(body)) == body
