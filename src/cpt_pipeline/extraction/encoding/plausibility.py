"""How plausible a decoded text is as writing: the cost of its characters, in nats.

A wrong encoding gives letters that no language uses together. For every language a codec was made for, a text costs
the sum of -log p(character): frequent characters are cheap, the rest of the language's standard set dearer,
anything else dearest; the cheapest language counts. Costs of one byte string under two codecs may be compared,
because both explain the same bytes. The frequent characters are written out below in order of frequency; common and
rare ideographs are told apart by the two levels of GB 2312, Big5 and JIS X 0208. No language is reported: texts of
a language that is not listed are still ranked, less surely.
"""

from __future__ import annotations

import math
import re
import string
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache

_ALPHABETS = {
    "ar": "المينرتوبعدسفهكقحجصشطخةأىضزغئثإءذظؤآ،؟؛ـًٌَُِّْ",
    "bg": "аоиетнрсвлкдпмзугяъбчцжщхшйфюь",
    "el": "αοιετσνηυρπκμλςίάόωέθδγήχφύβώξζψϊΐϋΰ",
    "fa": "ایردنهومتبسلکشزفگعخقجآپحطصچژغضثظذئءأؤك\u200cي،؟؛ًٌَُِّْ",
    "he": "יוהלאתרבמשנדעכקםחטפסגצןזךףץ",
    "kk": "аеынтрлідсмқкобиуғжңзшйпгөяүхчвұәһфцэьюъщё",
    "mk": "аоеитнврсјпклмдзгбучшцжќњфхѓљџѕ",
    "ru": "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъё",
    "sr": "аиоенрсуткјвдмплгзбчшжњћцљђхџф",
    "th": "านร่อกเงม้ยลวดัทสตีะปบค็หแจิพชข์ใืไูผุึภธณถศญโซฐฉฝำษฟฆฤๆฎฬฮฏฑฒฌฯ๐๑๒๓๔๕๖๗๘๙",
    "uk": "оанивіртеслкудмпзяьбгчйхцєїжющшфґ",
    "ur": "اکیرےنہوسمتلبدںپجقعحگٹئفزشھخصڑضطچآغذظثءؤڈژ،۔",
}
"""Languages with a script of their own: letters by frequency."""

_DIACRITICS = {
    "cs": "íáéěýřčžšůúóťďň",
    "da": "åøæéöäü",
    "de": "üäößé",
    "en": "éñüèáö",
    "es": "óáíéñú¿¡üªº",
    "et": "äõüöšž",
    "fi": "äöåé",
    "fr": "éèàêçùôîâûëïœ«»",
    "hr": "čšžćđ",
    "hu": "áéőöíóüúű",
    "is": "ðáíþöéóæúý",
    "it": "èàùòìéî",
    "lt": "ėšųįžąęūč",
    "lv": "āīēšūņļģķžč",
    "nl": "ëéïèüöó",
    "pl": "łąęóżśćńź",
    "pt": "ãçáéíóúõâêàôü",
    "ro": "ăîâșțşţ",
    "sk": "áíéýčľšžťúôóňďäŕĺ",
    "sv": "äåöéü",
    "tr": "ıişüçöğâİî",
    "vi": "đàáưảộếạấãơóêâôệủịúòăềớợờéựìầậùữặừịểýổậốởúĩứẽõẻèỉụỗởẹồẫẳằắẩọụữửừẵỹỳ\u0300\u0301\u0303\u0309\u0323",
}
"""Latin languages: letters beyond ASCII by frequency."""

_HANS = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种"
    "事成方多经么去法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公"
    "此已工使情明性知全三又关点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回"
    "特代内信表化老给世位次度门任常先海通教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电"
    "数安少报才结反受目太量再感建务做接必场件计管期市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界"
    "达光放强即像难且权思王象完设式色路记南品住告类求据程北边死张该交规万取拉格望觉术领共确传师观清今切院让识候带导争运"
    "病症药方血热寒气阴阳脉汤"
)
_HANT = (
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種"
    "事成方多經麼去法學如都同現當沒動面起看定天分還進好小部其些主樣理心她本前開但因只從想實日軍者意無力它與長把機十民第公"
    "此已工使情明性知全三又關點正業外將兩高間由問很最重並物手應戰向頭文體政美相見被利什二等產或新己制身果加西斯月話合回"
    "特代內信表化老給世位次度門任常先海通教兒原東聲提立及比員解水名真論處走義各入幾口認條平系氣題活爾更別打女變四神總何電"
    "數安少報才結反受目太量再感建務做接必場件計管期市直德資命山金指克許統區保至隊形社便空決治展馬科司五基眼書非則聽白卻界"
    "達光放強即像難且權思王象完設式色路記南品住告類求據程北邊死張該交規萬取拉格望覺術領共確傳師觀清今切院讓識候帶導爭運"
    "病症藥方血熱寒氣陰陽脈湯臺灣您"
)
_KANA = (
    "のにるたとはしいをでてがなれからさっりすあもこまうくよきんめおけそつだやえどわちみせじばへびずろほげむべひょゆぶごゃねふ"
    "ぐぎぼゅづざぞぬぜぱぽぷぴぃぁぇぺぉーンスルトリイアラックドシレジタフロカテマィグバムプオコデニウメサビナブャエュチキズダ"
    "パミェョハセベガモツネボソノァヴワポペピケゴギザホゲォヤヒユヨヘゼヌゥゾヶ"
)
_KANJI = (
    "日一人年大十二本中長出三時行見月分後前生五間上東四今金九入学高円子外八六下来気小七山話女北午百書先名川千水半男西電校"
    "語土木聞食車何南万毎白天母火右読友左休父雨会国事自社者地業方新場員立開手力問代明動京目通言理体田主題意不作用度強公"
    "持野以思家世多正安院心界教文元重近考画海売知道集別物使品計死特私始朝運終台広住真有口少町料工建空急止送切転研究足"
)
_HANGUL = (
    "이다에의는로하을가고지서한은기으년대사시를리도인스일자어그라아해나과있수정부제원들보만여상주전장게구공소동성면오적조"
    "국비마우학선것되니세위유연문까데신당중미드거화방실개관무치모발요운용재신간계안회경진산더습할트바말양단때었와야물했각점"
    "크내식생반현차또등결금체명호러음르타남교형프레없입통품영입저려력토집본분글민외감심급약파추업설배살워합청테포변건"
)
_CJK_PUNCTUATION = "，。、：；！？「」『』《》（）“”‘’【】…—　·～〜"
_TYPOGRAPHY = "\u00a0“”‘’„‚–—…«»°·•§©®™€£×½‹›№"

_ODD, _FOREIGN_LATIN, _BAD = 12.0, 10.0, 20.0
_WORDS = {
    "cs": "a v se na je že to s z do i o k ve by jako jsem ale pro za po od který byl si",
    "da": "og i at det er en til af på den der for som med de ikke har et jeg kan vi om",
    "de": "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden",
    "en": "the of and to in a is that for it was on as with by he his at be this from are or an you not",
    "es": "de la que el en y a los se del las un por con no una su para es al lo como más o pero",
    "et": "ja on ei et see ta oli kui ka oma mis ma aga siis nii ning seda või",
    "fi": "ja on ei että se oli hän ovat mutta myös kun niin tai joka kuin ole sen minä",
    "fr": "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il je où",
    "hr": "i je u se na da za su od a s kao ne o koji bi što to ali iz ili sam ovo biti će",
    "hu": "a az és hogy nem is egy ez volt de van meg csak el mint ha már azt még",
    "is": "og að í á sem er til um við var en með fyrir það hann ekki af því",
    "it": "di e il la che in a per un del è non i una le si con da sono della come al dei gli lo più",
    "lt": "ir kad į iš su yra tai buvo bet ne ar kaip jis o nuo už per apie apr",
    "lv": "un ir ka no ar uz par bet kas kā tas arī lai pie vai gan viņš",
    "nl": "de van het een en in is dat op te zijn met voor die niet aan er om ook als bij maar",
    "pl": "i w na z do się nie to że jest o jak od za po co przez tak ale dla przy czy",
    "pt": "de a o que e do da em um para com não uma os no se na por mais as dos como mas ao à é por",
    "ro": "și de în a la cu pe o că nu din un care este să mai au fost pentru ce al cel",
    "sk": "a v sa na je že to s z do i o k vo by ako som ale pre za po od ktorý bol si čo",
    "sv": "och i att det som en på är av för med till den har de inte om ett han men var jag",
    "tr": "ve bir bu da de için ile çok ne daha o var mi gibi en olarak kadar ben sonra",
    "vi": "và là của có không các được cho trong một người với những đã này",
}
"""Frequent words of the Latin languages, whose letters alone do not tell them apart."""

_CASED = [chr(code) for code in range(0x530) if chr(code).isalpha()]
_SMALL = "".join(each for each in _CASED if each.islower())
_CAPITAL = "".join(each for each in _CASED if each.isupper() and not each.isascii())
_CASE_BREAK = re.compile(f"(?<=[{_SMALL}])[{_CAPITAL}]")
_MIXED_WORD = re.compile("(?<=[A-Za-z])[\u0370-\u1dff]|[\u0370-\u1dff](?=[A-Za-z])")
_MIXED_IDEOGRAPH = re.compile("(?<=[A-Za-z])[\u3400-\ud7ff]|[\u3400-\ud7ff](?=[A-Za-z])")
_SYMBOL_IN_WORD = re.compile("(?<=[a-z])[\u0080-\u00bf\u00d7\u00f7\u2000-\u2bff](?=[a-z])")
_ALPHABETIC_RUN = re.compile("[\u0370-\u1dff]+")
_WORD = re.compile(r"[^\W\d_]+")
LANGUAGES = (*_ALPHABETS, *_DIACRITICS, "zh_hans", "zh_hant", "ja", "ko")


def cost(text: str, languages: Iterable[str]) -> float:
    """Give the cost of the text in nats under the cheapest of the languages (names of `LANGUAGES`)."""
    counts = Counter(text)
    shared = sum(number * _base(character) for character, number in counts.items() if character.isascii())
    others = [(character, number) for character, number in counts.items() if not character.isascii()]
    words = Counter(_WORD.findall(text.lower())) if any(language in _WORDS for language in languages) else Counter()
    return shared + _breaks(text) + min(_cost(others, language, words) for language in languages)


def _cost(others: list[tuple[str, int]], language: str, words: Counter[str]) -> float:
    known = _costs(language)
    characters = sum(number * (known.get(character) or _base(character)) for character, number in others)
    if language not in _WORDS or not words:
        return characters
    share = sum(words[word] for word in _WORDS[language].split()) / words.total()
    return characters - 2.0 * min(1.0, share / 0.25) * sum(number for _, number in others)


def _breaks(text: str) -> float:
    """Give the cost of what wrong codecs do to words: two scripts in one, a capital after a small letter."""
    return (
        4 * len(_CASE_BREAK.findall(text))
        + 4 * len(_SYMBOL_IN_WORD.findall(text))
        + 6 * len(_MIXED_WORD.findall(text))
        + 3 * len(_MIXED_IDEOGRAPH.findall(text))
        + 4 * len(_ALPHABETIC_RUN.findall(text))
    )


@cache
def _base(character: str) -> float:
    """Give the cost of a character in a language that does not know it."""
    if character.isascii():
        is_plain = character.isalnum() or character in " \t\r\n"
        return 3.0 if is_plain else 5.0 if character in string.punctuation else _ODD
    category = unicodedata.category(character)
    if character == "\ufffd" or category in ("Cn", "Co", "Cs"):
        return _BAD
    if character in _TYPOGRAPHY:
        return 6.5
    if category == "Cc":
        return 16.0
    return _FOREIGN_LATIN if "\u00c0" <= character <= "\u017f" and category in ("Ll", "Lu") else _ODD


@cache
def _costs(language: str) -> Mapping[str, float]:
    """Give the cost of every character the language knows."""
    if language in _ALPHABETS:
        return _with_capitals({each: 2.2 + 0.11 * rank for rank, each in enumerate(_ALPHABETS[language])})
    if language in _DIACRITICS:
        return _with_capitals({each: 4.0 + 0.2 * rank for rank, each in enumerate(_DIACRITICS[language])})
    wide = {chr(code): 9.0 for code in range(0xFF01, 0xFFA0)}
    punctuation = wide | dict.fromkeys(_CJK_PUNCTUATION, 5.0)
    if language == "zh_hans":
        return _ideographs("gb2312", 0xB0, 0xD7) | _ranked(_HANS, 3.2) | punctuation
    if language == "zh_hant":
        return _ideographs("big5", 0xA4, 0xC6) | _ranked(_HANT, 3.2) | punctuation
    if language == "ja":
        kana = {each: 3.0 + 0.03 * rank for rank, each in enumerate(_KANA)}
        return _ideographs("euc_jp", 0xB0, 0xCF) | _ranked(_KANJI, 5.0) | kana | punctuation
    hangul = dict.fromkeys(_rows("euc_kr", 176, 200), 8.5)
    return hangul | _ranked(_HANGUL, 3.4) | punctuation


def _ranked(characters: str, first: float) -> dict[str, float]:
    """Give costs by Zipf's law, whose exponent is about 0.6 in these ranks."""
    return {each: first + 0.6 * math.log(rank + 1) for rank, each in reversed(list(enumerate(characters)))}


def _with_capitals(letters: Mapping[str, float]) -> dict[str, float]:
    return {each.upper(): value + 2.5 for each, value in letters.items() if len(each.upper()) == 1} | dict(letters)


def _ideographs(codec: str, first: int, last: int) -> dict[str, float]:
    """Give the ideographs of level one (rows first to last) and of level two, which fills the rows above."""
    rare = dict.fromkeys(_rows(codec, last + 1, 254), 11.0)
    return rare | dict.fromkeys(_rows(codec, first, last), 8.5)


def _rows(codec: str, first: int, last: int) -> Iterable[str]:
    pairs = (
        bytes((lead, trail)).decode(codec, "ignore") for lead in range(first, last + 1) for trail in range(0x40, 0xFF)
    )
    return (each for each in pairs if len(each) == 1 and not each.isascii())
