"""Numbers of persons in the many ways people write them: `python benchmarks/written_numbers.py`.

Numbers are drawn by the public rules of their kind (plans of mobiles and area codes, GB 11643, ISO/IEC 7812), written
in many forms (groups, full width, brackets, country codes) into many contexts (labels, tables, JSON, none), and mixed
with numbers that are nobody's (orders, books, dates, positions of genes). Prints the recall of each kind and what was
taken for a person's number wrongly; `--all` shows weak forms and contexts. No sentence is of the set that
`personal_data.py` judges by; the recognisers were mended with this one. Numbers are drawn at random and kept nowhere.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import pairwise

from cpt_pipeline.corpus.clean.personal_data.bank_cards import passes_luhn
from cpt_pipeline.corpus.clean.personal_data.id_cards import check_digit
from cpt_pipeline.corpus.clean.personal_data.personal_data import PersonalDataParams
from cpt_pipeline.corpus.clean.personal_data.personal_numbers import Numbers
from cpt_pipeline.corpus.clean.personal_data.recognisers import find_spans

Random = random.Random
RECOGNISERS = (Numbers(PersonalDataParams().phone_regions),)
DRAWS = 40
"""Rounds of texts without a number of a person."""
PER_PAIR = 4
"""Numbers drawn for each form in each context."""
FULL_WIDTH = str.maketrans("0123456789-() X+", "０１２３４５６７８９－（）　Ｘ＋")


def digits(rng: Random, count: int) -> str:
    return "".join(rng.choices("0123456789", k=count))


def split(number: str, sizes: tuple[int, ...], separator: str) -> str:
    starts = [sum(sizes[:index]) for index in range(len(sizes) + 1)]
    return separator.join(number[first:last] for first, last in pairwise(starts))


# --- numbers --------------------------------------------------------------------------------------------------------

MOBILE_STARTS = (
    *range(130, 140), 145, 147, *range(150, 154), *range(155, 160), 166, 167, *range(170, 174), *range(175, 179),
    *range(180, 190), 190, 191, 193, *range(195, 200),
)  # fmt: skip
AREAS = (
    "010",
    "020",
    "021",
    "022",
    "023",
    "024",
    "025",
    "027",
    "028",
    "029",
    "0311",
    "0411",
    "0512",
    "0571",
    "0755",
    "0898",
)
US_AREAS = ("212", "415", "312", "617", "206", "303", "512", "702", "305", "404", "503", "614")
REGIONS = ("110105", "310104", "440305", "330106", "510107", "420106", "320102", "610113", "210202", "370202", "500103")
CARD_STARTS = {
    "unionpay 19": ("622202", "621226", "621700", "622848", "621660", "623668", "621799", "622588"),
    "unionpay 16": ("622580", "625912", "622575", "628310", "622600"),
    "unionpay 17": ("621626", "623058"),
    "visa": ("4367", "4514", "4000", "4929"),
    "mastercard": ("5187", "5218", "5324", "2221"),
    "amex": ("3743", "3411"),
    "jcb": ("3568", "3528"),
}


def mobile(rng: Random) -> str:
    return f"{rng.choice(MOBILE_STARTS)}{digits(rng, 8)}"


def landline(rng: Random) -> tuple[str, str]:
    area = rng.choice(AREAS)
    return area, f"{rng.choice('5678')}{digits(rng, 7)}"


def american(rng: Random) -> tuple[str, str, str]:
    return (
        rng.choice(US_AREAS),
        f"{rng.choice('2345678')}{rng.choice('234567')}{rng.choice('02345678')}",
        digits(rng, 4),
    )


def resident(rng: Random) -> str:
    born = date(1950, 1, 1) + timedelta(days=rng.randrange(20_000))
    first = f"{rng.choice(REGIONS)}{born:%Y%m%d}{digits(rng, 3)}"
    return first + check_digit(first)


def old_resident(rng: Random) -> str:
    born = date(1940, 1, 1) + timedelta(days=rng.randrange(16_000))
    return f"{rng.choice(REGIONS)}{born:%y%m%d}{digits(rng, 3)}"


def card(rng: Random, scheme: str) -> str:
    size = {"amex": 15, "unionpay 19": 19, "unionpay 17": 17}.get(scheme, 16)
    start = rng.choice(CARD_STARTS[scheme])
    body = start + digits(rng, size - len(start) - 1)
    return next(body + last for last in "0123456789" if passes_luhn(body + last))


# --- forms ----------------------------------------------------------------------------------------------------------

Form = Callable[[Random], str]


def of_mobile(*sizes: int, separator: str = " ", before: str = "", wide: bool = False) -> Form:
    def write(rng: Random) -> str:
        text = before + split(mobile(rng), sizes or (11,), separator)
        return text.translate(FULL_WIDTH) if wide else text

    return write


def of_landline(pattern: str) -> Form:
    def write(rng: Random) -> str:
        area, number = landline(rng)
        return pattern.format(area=area, bare=area[1:], number=number, a=number[:4], b=number[4:])

    return write


def of_american(pattern: str) -> Form:
    def write(rng: Random) -> str:
        a, b, c = american(rng)
        return pattern.format(a=a, b=b, c=c)

    return write


def of_british(pattern: str) -> Form:
    return lambda rng: pattern.format(
        a=rng.choice("78"),
        b=digits(rng, 3),
        c=digits(rng, 4),
        m=digits(rng, 3),
        g=rng.choice(("07400", "07533", "07725", "07812", "07890")),
    )


def of_resident(*sizes: int, separator: str = " ", small: bool = False, wide: bool = False) -> Form:
    def write(rng: Random) -> str:
        text = split(resident(rng), sizes or (18,), separator)
        return text.lower() if small else text.translate(FULL_WIDTH) if wide else text

    return write


def of_card(scheme: str, *sizes: int, separator: str = " ", wide: bool = False) -> Form:
    def write(rng: Random) -> str:
        number = card(rng, scheme)
        text = split(number, sizes or (len(number),), separator)
        return text.translate(FULL_WIDTH) if wide else text

    return write


PHONE_ZH: dict[str, Form] = {
    "plain": of_mobile(),
    "3 4 4": of_mobile(3, 4, 4),
    "3-4-4": of_mobile(3, 4, 4, separator="-"),
    "3.4.4": of_mobile(3, 4, 4, separator="."),
    "3·4·4": of_mobile(3, 4, 4, separator="·"),
    "3  4  4": of_mobile(3, 4, 4, separator="  "),
    "3 - 4 - 4": of_mobile(3, 4, 4, separator=" - "),
    "3/4/4": of_mobile(3, 4, 4, separator="/"),
    "4 4 3": of_mobile(4, 4, 3),
    "4-3-4": of_mobile(4, 3, 4, separator="-"),
    "3 8": of_mobile(3, 8),
    "7 4": of_mobile(7, 4),
    "full width": of_mobile(wide=True),
    "full width 3-4-4": of_mobile(3, 4, 4, separator="-", wide=True),
    "+86": of_mobile(before="+86"),
    "+86 space": of_mobile(before="+86 "),
    "+86-": of_mobile(before="+86-"),
    "+86 3 4 4": of_mobile(3, 4, 4, before="+86 "),
    "+86-3-4-4": of_mobile(3, 4, 4, separator="-", before="+86-"),
    "(+86)": of_mobile(before="(+86)"),
    "（+86）": of_mobile(before="（+86）"),
    "86": of_mobile(before="86"),
    "86-": of_mobile(before="86-"),
    "0086": of_mobile(before="0086"),
    "0086-": of_mobile(before="0086-"),
    "0 before": of_mobile(before="0"),
    "landline": of_landline("{area}-{number}"),
    "landline (area)": of_landline("({area}){number}"),
    "landline （area）": of_landline("（{area}）{number}"),
    "landline space": of_landline("{area} {number}"),
    "landline 4 4": of_landline("{area}-{a}-{b}"),
    "landline a 4 4": of_landline("{area} {a} {b}"),
    "landline bare": of_landline("{area}{number}"),
    "landline full dash": of_landline("{area}—{number}"),
    "landline +86": of_landline("+86-{bare}-{number}"),
    "landline +86 ( )": of_landline("+86 ({bare}) {a} {b}"),
    "landline 0086": of_landline("0086-{bare}-{number}"),
    "landline extension": of_landline("{area}-{number}"),
}
PHONE_EN: dict[str, Form] = {
    "(a) b-c": of_american("({a}) {b}-{c}"),
    "(a)b-c": of_american("({a}){b}-{c}"),
    "a-b-c": of_american("{a}-{b}-{c}"),
    "a.b.c": of_american("{a}.{b}.{c}"),
    "a b c": of_american("{a} {b} {c}"),
    "abc": of_american("{a}{b}{c}"),
    "+1 a b c": of_american("+1 {a} {b} {c}"),
    "+1-a-b-c": of_american("+1-{a}-{b}-{c}"),
    "+1 (a) b-c": of_american("+1 ({a}) {b}-{c}"),
    "+1abc": of_american("+1{a}{b}{c}"),
    "1-a-b-c": of_american("1-{a}-{b}-{c}"),
    "1 (a) b-c": of_american("1 ({a}) {b}-{c}"),
    "a/b-c": of_american("{a}/{b}-{c}"),
    "gb 020": of_british("020 {a}{b} {c}"),
    "gb (020)": of_british("(020) {a}{b} {c}"),
    "gb +44 20": of_british("+44 20 {a}{b} {c}"),
    "gb +44 (0)20": of_british("+44 (0)20 {a}{b} {c}"),
    "gb mobile": of_british("{g} {m}{b}"),
    "gb +44 mobile": of_british("+44 {g[1]}{g[2]}{g[3]}{g[4]} {m}{b}"),
    "+86": of_mobile(3, 4, 4, before="+86 "),
}


def of_plan(pattern: str) -> Form:
    """Fill every `#` with a digit, the first of a group from 2 to 8."""
    return lambda rng: "".join(
        rng.choice("2345678") if each == "^" else rng.choice("0123456789") if each == "#" else each for each in pattern
    )


ABROAD: dict[str, Form] = {
    pattern: of_plan(pattern)
    for pattern in (
        "+49 30 ^######", "0049 30 ^######", "+49 (0)30 ^######", "+33 1 4# ## ## ##", "+33 6 12 ## ## ##",
        "+81 3-^###-####", "+81 90-^###-####", "+852 2^## ####", "+852-2^##-####", "+886 2 2^## ####",
        "+65 6^## ####", "+61 2 9### ####", "+7 495 ^##-##-##", "+55 11 9^###-####", "+91 98### #####",
        "+353 1 ^## ####", "+39 06 ^### ####", "+34 91 ^## ## ##", "+31 20 ^## ####", "+82 2-^##-####",
        "+82 10-^###-####",
    )
}  # fmt: skip
TRUNK: dict[str, Form] = {
    pattern: of_plan(pattern)
    for pattern in (
        "030 ^#######", "030/^#######", "030-^#######", "(030) ^#######", "089 ^## ## ##",
        "01 4# ## ## ##", "06 12 ## ## ##", "020 ^## ####", "03-^###-####",
        "090-^###-####", "02 9### ####", "(02) 9### ####", "0412 ^## ###", "06 ^### ####",
        "(02) 2^##-####", "02-2^##-####", "010-^###-####",
    )
}  # fmt: skip
NAMED_IN = tuple(
    f"{label} {{}}"
    for label in ("Tel:", "Phone:", "call", "Telefon:", "Mobile:", "电话：", "手机", "phone number", "Fax:")
)
RESIDENT: dict[str, Form] = {
    "plain": of_resident(),
    "small x": of_resident(small=True),
    "6 8 4": of_resident(6, 8, 4),
    "6-8-4": of_resident(6, 8, 4, separator="-"),
    "6·8·4": of_resident(6, 8, 4, separator="·"),
    "6 4 4 4": of_resident(6, 4, 4, 4),
    "3 3 4 4 4": of_resident(3, 3, 4, 4, 4),
    "6 4 2 2 4": of_resident(6, 4, 2, 2, 4),
    "4 4 4 4 2": of_resident(4, 4, 4, 4, 2),
    "6 12": of_resident(6, 12),
    "14 4": of_resident(14, 4),
    "17 1": of_resident(17, 1),
    "17-1": of_resident(17, 1, separator="-"),
    "3 x 6": of_resident(3, 3, 3, 3, 3, 3),
    "full width": of_resident(wide=True),
    "full width 6-8-4": of_resident(6, 8, 4, separator="-", wide=True),
    "old": old_resident,
    "old 6 6 3": lambda rng: split(old_resident(rng), (6, 6, 3), " "),
    "old 6-6-3": lambda rng: split(old_resident(rng), (6, 6, 3), "-"),
    "old full width": lambda rng: old_resident(rng).translate(FULL_WIDTH),
}
CARDS: dict[str, Form] = {
    **{scheme: of_card(scheme) for scheme in CARD_STARTS},
    **{f"{scheme} in fours": of_card(scheme, 4, 4, 4, 4) for scheme in ("unionpay 16", "visa", "mastercard", "jcb")},
    **{f"{scheme} 4-4-4-4": of_card(scheme, 4, 4, 4, 4, separator="-") for scheme in ("unionpay 16", "visa")},
    "19 in fours": of_card("unionpay 19", 4, 4, 4, 4, 3),
    "19 4-4-4-4-3": of_card("unionpay 19", 4, 4, 4, 4, 3, separator="-"),
    "19 6 13": of_card("unionpay 19", 6, 13),
    "19 6-13": of_card("unionpay 19", 6, 13, separator="-"),
    "19 6 4 4 5": of_card("unionpay 19", 6, 4, 4, 5),
    "19 double spaces": of_card("unionpay 19", 4, 4, 4, 4, 3, separator="  "),
    "19 dots": of_card("unionpay 19", 4, 4, 4, 4, 3, separator="."),
    "19 middle dots": of_card("unionpay 19", 4, 4, 4, 4, 3, separator="·"),
    "19 8 8 3": of_card("unionpay 19", 8, 8, 3),
    "19 5 5 5 4": of_card("unionpay 19", 5, 5, 5, 4),
    "19 3 4 4 4 4": of_card("unionpay 19", 3, 4, 4, 4, 4),
    "17 in fours": of_card("unionpay 17", 4, 4, 4, 4, 1),
    "16 8 8": of_card("unionpay 16", 8, 8),
    "amex 4 6 5": of_card("amex", 4, 6, 5),
    "amex 4-6-5": of_card("amex", 4, 6, 5, separator="-"),
    "full width": of_card("unionpay 19", wide=True),
    "full width in fours": of_card("unionpay 19", 4, 4, 4, 4, 3, wide=True),
    "no-break spaces": of_card("visa", 4, 4, 4, 4, separator="\u00a0"),
    "3 spaces": of_card("visa", 4, 4, 4, 4, separator="   "),
}

# --- contexts -------------------------------------------------------------------------------------------------------

PHONE_ZH_IN = (
    "联系电话：{}", "手机{}", "手机号码为{}，请惠存。", "tel:{}", "TEL：{}", "Tel. {}", "电话（微信同号）：{}",
    "{}（微信同号）", "请加微信{}咨询", "微信号 {}", "V信：{}", "vx:{}", "WX {}", "加V {}", "张先生 {}",
    "王女士：{}，朝阳区房源", "收货人：李芳，{}，上海市", "收件人李芳{}上海市浦东新区", "寄件人 {}",
    "有意者请与小刘联系{}。", "客服小陈{}竭诚服务", "咨询：{}", "报名咨询 {}", "预约{}", "手机号\n{}",
    "手机：\n  {}", '"phone": "{}"', "{{\"mobile\":\"{}\"}}", "phone={}&code=1", "mobile:{}", "张三,{},北京",
    "张三\t{}\t北京", "| 张三 | {} | 北京 |", "**电话**：{}", "<td>{}</td>", "<a href=\"tel:{}\">", "☎{}",
    "📱 {}", "☎️：{}", "M: {}", "电\u3000话：{}", "热线【{}】", "电话:[{}]", "拨打“{}”",
    "我的号码是{}，记得打给我。", "{}是我的电话", "{}", "业主，{}，两室一厅", "联系人：赵六 电话{} 传真",
    "家长电话：{}", "紧急联络：{}", "如有问题请call {}", "QQ或手机：{}", "短信发送至{}", "负责人（{}）",
    "负责人：周工{}", "24小时值班：{}", "手机/微信：{}", "手机号:{};", "请拨{}。", "Mobile Phone：{}",
    "户主电话是{}", "房东直租 {} 非诚勿扰",
)  # fmt: skip
PHONE_EN_IN = (
    "Call me at {} after six.", "Phone: {}", "Tel: {}", "T: {}", "tel. {}", "Mobile: {}", "my number is {}",
    "WhatsApp {}", "Text {} to book", "Contact John Smith ({})", "John Smith, {}, Boston", '"phone": "{}"',
    "phone={}", "| Smith | {} |", "Fax {}", "Cell: {}", "reach me on {}", "Office {}", "{}", "Questions? {}",
    "RSVP to Anna, {}", "Ph. {}", "For details, dial {}.", "Home: {}\nWork: none", "Emergency contact: {}",
    "<td>{}</td>", "Landlord {}", "You can also try {} in the evening.", "Dr. Miller's surgery, {}",
    "Name\tPhone\nAnna\t{}", "p: {}", "m: {}", "[{}]", "Phone number\n{}",
)  # fmt: skip
RESIDENT_IN = (
    "身份证号：{}", "身份证号码{}", "证件号码为{}", "ID card {}", "公民身份号码：{}", "（身份证：{}）",
    "张三，男，{}，住北京市", '"id_card":"{}"', "idcard={}", "身份证\n{}", "身份证号码：\n    {}",
    "| 张三 | {} |", "张三,{},13", "身份证明编号{}", "持有{}号身份证", "居民身份证{}", "ID No.: {}", "ID：{}",
    "身分證字號 {}", "被告人张三（公民身份号码{}）", "乘客证件：{}", "户口本登记{}", "sfz:{}", "SFZ {}",
    "二代证 {}", "证号：{}", "实名认证{}已通过", "证件类型：身份证；证件号：{}", "{}", "登记人{}，已核验",
    "Resident identity card no. {}", "id number: {}", "<td>{}</td>",
)  # fmt: skip
CARD_IN = (
    "卡号：{}", "银行卡号{}", "工行 {}", "建设银行{}户名张三", "收款账号：{}", "card number: {}", "Card: {}",
    "Please pay to {}", "VISA {}", '"card_no":"{}"', "账户\n{}", "农行卡{}", "开户行：招商银行，账号：{}",
    "储蓄卡（{}）", "打款到{}，谢谢", "请转到 {}", "| 张三 | {} |", "bank card {}", "Account: {}",
    "account number {}", "A/C No. {}", "My credit card is {}.", "PAN={}", "信用卡 {} 有效期",
    "户名：张三，{}，中国银行", "工资卡号为{}", "{}", "尾号不对，完整卡号是{}", "acct {}",
    "支付宝绑定的卡：{}", "charged to {}", "绑卡：{}", "收款人账户：{}", "银行账号{}", "<td>{}</td>",
    "邮储 {}", "卡片号码 {}",
)  # fmt: skip


def samples(rng: Random) -> Iterator[tuple[str, str, str, str, str]]:
    """Give kind, form, context, text and the number in it."""
    for kind, forms, contexts in (
        ("phone", PHONE_ZH, PHONE_ZH_IN),
        ("phone", PHONE_EN, PHONE_EN_IN),
        ("phone", ABROAD, PHONE_EN_IN),
        ("phone", TRUNK, NAMED_IN),
        ("id_card", RESIDENT, RESIDENT_IN),
        ("bank_card", CARDS, CARD_IN),
    ):
        for name, form in forms.items():
            for context in contexts:
                for _ in range(PER_PAIR):
                    number = form(rng)
                    yield kind, name, context, context.format(number), number


def nobodys(rng: Random) -> Iterator[tuple[str, str]]:
    """Give texts with numbers that are no person's, each with its kind."""
    day = date(1990, 1, 1) + timedelta(days=rng.randrange(12_000))
    d, r = (lambda count: digits(rng, count)), rng.randrange
    made = {
        "order": (
            "订单号：{}",
            "order no. {}",
            "订单 {} 已发货",
            "流水号{}",
            "交易单号：{}",
            "Order #{}",
            "工单编号 {}",
            "商户单号{}",
        ),
        "tracking": ("快递单号：{}", "运单号{}", "Tracking number {}", "顺丰SF{}", "YT{}", "物流编号：{}"),
    }
    for kind, contexts in made.items():
        for context in contexts:
            for size in (10, 11, 12, 13, 15, 16, 18, 19):
                yield kind, context.format(f"{r(1, 10)}{d(size - 1)}")
            yield kind, context.format(f"{day:%Y%m%d}{d(10)}")
            yield kind, context.format(mobile(rng))
    for scheme in ("unionpay 19", "visa"):
        yield "order", f"订单号：{card(rng, scheme)}"
        yield "order", f"receipt no. {card(rng, scheme)}"
    yield from (("isbn", text.format(a=r(10), b=d(3), c=d(5), e=r(10))) for text in (
        "ISBN 978-{a}-{b}-{c}-{e}", "ISBN：978{a}{b}{c}{e}", "ISBN-13: 979-{a}{b}-{c}-{e}",
                "ISBN {a}-{b}-{c}-{e}", "书号{a}{b}{c}{e}",
    ))  # fmt: skip
    yield "issn", f"ISSN {d(4)}-{d(3)}X; CN 11-{d(4)}/R"
    for text in (
        "{:%Y-%m-%d}",
        "{:%Y-%m-%d %H:%M:%S}",
        "{:%Y%m%d}",
        "{:%Y/%m/%d}",
        "{:%d.%m.%Y}",
        "{:%Y年%m月%d日}",
        "{:%Y%m%d%H%M%S}",
    ):
        yield "date", f"发布于 {text.format(day)}，修订于 {text.format(day + timedelta(days=r(900)))}"
        yield "date", f"{text.format(day)} - {text.format(day + timedelta(days=r(900)))}"
        yield "date", f"{text.format(day)} {d(4)}"
    yield "doi", f"doi:10.{d(4)}/j.cell.{day:%Y.%m}.{d(3)} and https://doi.org/10.{d(4)}/s{d(5)}-{d(3)}-{d(5)}-{r(10)}"
    yield "doi", f"arXiv:{d(4)}.{d(5)}v2, PMID: {d(8)}, PMC{d(7)}, PMID {d(8)}"
    yield "product", f"SKU {d(12)} EAN {d(13)} 条码69{d(11)} UPC {d(12)} 型号{d(4)}-{d(4)}-{d(3)} 货号：{d(11)}"
    yield "product", f"part no. {d(3)}-{d(5)}-{d(4)}; 物料编码 {d(4)} {d(4)} {d(4)}; 序列号{d(15)}"
    yield "product", f"IMEI {d(15)}, IMEI：{d(2)}-{d(6)}-{d(6)}-{r(10)}, ICCID 8986{d(15)}"
    for start in (r(10**6, 2 * 10**8) for _ in range(4)):
        yield "gene", f"chr{r(1, 23)}:{start}-{start + r(5000)} and chr7:{start:,}-{start + 99:,}"
        yield "gene", f"chr{r(1, 23)}\t{start}\t{start + r(5000)}\tENSG000{d(8)}\t+"
        yield "gene", f"NM_{d(6)}.{r(9)} c.{d(4)}A>G rs{d(9)} {start} {start + 12}"
    yield (
        "amount",
        f"总额{d(9)}元，约{d(11)}人，{r(10)},{d(3)},{d(3)},{d(3)} bytes, {d(10)} rows, 人民币1{r(3, 9)}{d(9)}元",
    )
    yield "amount", f"3.{d(16)} {r(10)}.{d(11)}e-{d(2)} 0.{d(15)} {d(5)}.{d(8)}"
    yield "coordinates", f"{r(90)}.{d(6)}, {r(180)}.{d(6)}; {r(90)}.{d(8)},-{r(180)}.{d(8)}"
    yield "patent", f"CN{day:%Y}1{d(7)}.{r(10)}，专利号ZL{day:%Y}1{d(7)}.{r(10)}，申请号{day:%Y}1{d(7)}.X，US {d(7)} B2"
    yield "company", f"统一社会信用代码91{d(6)}MA{d(7)}X，税号{d(15)}，营业执照{d(15)}，组织机构代码{d(8)}-{r(10)}"
    yield "group", f"QQ群：{d(9)}，群号{d(9)}，QQ {r(1, 10)}{d(8)}，QQ：1{r(3, 9)}{d(8)}"
    yield "service", f"拨打10086或95588，400-{d(3)}-{d(4)}，800-{d(3)}-{d(4)}，1-800-{d(3)}-{d(4)}，12315，110"
    yield (
        "timestamp",
        f"1{r(4, 8)}{d(8)} 1{r(4, 8)}{d(11)} ts=1{r(4, 8)}{d(8)} timestamp: 1{r(4, 8)}{d(11)} 时间戳1{r(5, 8)}{d(8)}",
    )
    yield (
        "table",
        " ".join(d(4) for _ in range(4))
        + "\n"
        + " ".join(d(4) for _ in range(6))
        + "\n"
        + " ".join(str(r(9999)) for _ in range(12)),
    )
    yield "table", " ".join(str(year) for year in range(r(1980, 2000), 2012)) + "\n" + "\t".join(d(3) for _ in range(8))
    yield (
        "table",
        " | ".join(d(5) for _ in range(5))
        + "\n"
        + ",".join(d(4) for _ in range(8))
        + "\n"
        + "-".join(d(2) for _ in range(8)),
    )
    yield (
        "hash",
        "".join(rng.choices("0123456789abcdef", k=64))
        + " "
        + "-".join("".join(rng.choices("0123456789abcdef", k=n)) for n in (8, 4, 4, 4, 12)),
    )
    yield (
        "hash",
        f"id {r(10**17, 10**18)} {r(10**18, 10**19)} tweet/{r(10**18, 10**19)} status={r(10**15, 10**16)} seed={d(10)}",
    )
    yield (
        "score",
        f"比分 {d(2)}-{d(2)} {d(2)}:{d(2)}，第{d(4)}-{d(4)}页，pp. {d(4)}-{d(4)}, 135-142, vol. 12 (3): 1234-1245",
    )
    yield (
        "version",
        f"version {d(2)}.{d(3)}.{d(4)}.{d(4)}, build {d(11)}, kernel 5.{d(2)}.{d(3)}-{d(3)}, 邮编{d(6)}，学号{d(10)}",
    )
    yield (
        "case",
        f"（{day:%Y}）京{d(4)}民初{d(5)}号，合同编号{day:%Y%m%d}{d(4)}，发票代码{d(12)}，发票号码{d(8)}，车牌京A{d(5)}",
    )
    yield "flight", f"准考证号{d(15)}，航班CA{d(4)}，票号999-{d(10)}，e-ticket 781-{d(10)}，PNR {d(6)}，座位{d(2)}A"


def judge(rng: Random) -> tuple[dict[tuple[str, str], list[int]], int, int]:
    """Give, for each kind with its forms and contexts, samples and those found; then all spans and wrong ones."""
    counts: dict[tuple[str, str], list[int]] = {}
    num_spans = num_wrong = 0
    for kind, form, context, text, number in samples(rng):
        spans = [(span.kind, text[span.start : span.end].strip()) for span in find_spans(text, RECOGNISERS)]
        num_spans += len(spans)
        num_wrong += sum(span_kind != kind or written not in number for span_kind, written in spans)
        for key in ((kind, "all"), (kind, f"form {form}"), (kind, f"in {context!r}")):
            count = counts.setdefault(key, [0, 0])
            count[0] += 1
            count[1] += (kind, number) in spans
    return counts, num_spans, num_wrong


def alarms(rng: Random) -> tuple[list[str], int]:
    """Give what is found in texts that hold nobody's number, and how many texts there were."""
    found, num_texts = [], 0
    for _ in range(DRAWS):
        for kind, text in nobodys(rng):
            num_texts += 1
            for span in find_spans(text, RECOGNISERS):
                around = text[max(0, span.start - 20) : span.end + 5]
                found.append(f"{kind}: {span.kind} {text[span.start : span.end]!r} in {around!r}")
    return found, num_texts


def main() -> None:
    """Print recall of each kind and the precision; with --all the forms and contexts below .97 and every alarm."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--all", action="store_true")
    given = parser.parse_args()
    rng = random.Random(given.seed)
    counts, num_spans, num_wrong = judge(rng)
    false, num_texts = alarms(rng)
    for (kind, what), (there, found) in sorted(counts.items()):
        if what == "all" or (given.all and found < 0.97 * there):
            print(f"{kind:10} recall {found / there:.3f} of {there:6,}  {what}")
    precision = 1 - (num_wrong + len(false)) / (num_spans + len(false))
    print(f"precision {precision:.4f}; {len(false)} alarms in {num_texts:,} texts without a person's number")
    print("\n".join(false if given.all else ()))


if __name__ == "__main__":
    main()
