"""Words that say what a number is: "call", 卡号, "order", 元.

A bare run of digits can be a phone number, a card or an amount. The word nearest before it in its clause decides, and
a unit right behind it makes it an amount. A closed list, to be read and added to; nothing is learned.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, Literal

Cue = Literal["phone", "card", "id", "account", "other", "host", "version"]

NUMBER_CUES: Final[tuple[Cue, ...]] = ("phone", "id", "card", "account", "other")
"""Of words that end at the same place the first kind counts."""
_WINDOW: Final = 32
_NEAR: Final = 14
"""A word that rules a number out must stand closer: "the order was paid with" and then a card."""
_LETTER: Final = re.compile(r"[^\W\d_]|[☎📞📱]")
_CLAUSE_END: Final = re.compile(
    r"[。！？!?；;\n]|(?<!\bno)(?<!\bnr)(?<!\btel)(?<!\bph)(?<!\bmob)(?<!\bref)(?<!\bnum)(?<!\bacct)\.\s", re.IGNORECASE
)
_LINE_BREAK: Final = re.compile(r"[^\S\n]*\n[^\S\n]*\Z")
"""A label may stand on the line before its number."""
_WORDS: Final[dict[Cue, tuple[str, str]]] = {
    "phone": (
        r"电话|手机|座机|固话|联系方式|联系我|联系人|致电|来电|拨打|请打|直拨|热线|传真|联系|短信|通话|回电|打给|呼叫|微信|我的号|電話|手機|聯絡|聯繫|联络|号码本|咨询|预约|值班|客服|收货人|收件人|寄件人|加[Vv]|[Vv]信|☎|📞|📱"
        r"|请拨|电\s+话|手\s+机|先生|女士|小姐|师傅|房东|业主|负责人",
        r"calls?|called|calling|tel|telephone|phones?|mobile|cell|fax|dial|ring|rang|text|texted|voicemail"
        r"|whatsapp|sms|contact|hotline"
        r"|ph|mob|[mtp](?=[:：])|vx|wx|wechat|weixin|landline|reach(?:ed)?|number is|telefon|rufnummer",
    ),
    "card": (
        r"银行卡|信用卡|储蓄卡|借记卡|卡号|工资卡|账号|帐号|账户|银联|转账|汇款|打到|打款|刷卡|付款卡|卡|工行|农行|建行|邮储|银行|户名|转到|转给",
        r"cards?|visa|mastercard|amex|american express|unionpay|jcb|diners|discover|debit|credit|pan"
        r"|paid with|charged?|refund",
    ),
    "id": (
        r"身份证[^，。,;；]{0,3}(?:编号|号码)|身份证|证件号|证件|公民身份|身份号|身[份分][证證]|二代证|证号|证號|實名|实名|户口",
        r"id_?card|(?:id|identity)(?: card)?|resident|identification|national id|sfzh?",
    ),
    "account": (r"(?!)", r"account|acct|a/c|iban"),
    "other": (
        r"订单|单号|运单|快递单|流水|编号|编码|条码|序列|串号|型号|批号|批次|工单|学号|工号|案号|专利|金额|总额|投资|收入|营收|人口|社保"
        r"|税号|纳税|信用代码|群号|QQ|校验值|版本|价格|售价|合计|总计|共计|坐标|库存|统计|阅读量|播放量|邮编|账单号|凭证|发票"
        r"|合同号|票号|参考号|追踪|货号|料号|准考证|执照",
        r"order|ticket|swift|invoice|tracking|batch|lot|serial|imei|imsi|iccid|meid"
        r"|pmid|pmcid|isbn|issn"
        r"|ean|upc|sku|doi|oid|epoch|timestamp|unix"
        r"|version|model|part|ref|reference|receipt|transaction|account balance|revenue|population|total"
        r"|sum|amount|cost"
        r"|price|usd|eur|worth|student|library|case|docket|patent|accession|barcode|code|hash|id=|seed|license|policy"
        r"|claim|member|waybill|shipment|parcel"
        r"|product|item|asset|qq|constant|about|approximately|roughly|over|nearly|pages?|pp|issue|bug|build|commit|port"
        r"|pid|extension",
    ),
    "host": (
        r"地址|服务器|主机|登录|攻击|来自|连接|访问|网关|封禁|屏蔽|节点|解析|端口|公网|出口",
        r"ips?|ipv4|address(?:es)?|hosts?|server|client|peer|login|ping|ssh|connect(?:ed|ing|ion)?|proxy"
        r"|dns|gateway|blocked|banned"
        r"|node|http|https|resolves?|edited|traceroute|curl|wget|telnet|rdp",
    ),
    "version": (
        r"版本|依赖|回退|升级|降级|固件|驱动|更新|补丁|内核|章|节|第|标准|型号|编号",
        r"versions?|ver|v|upgraded?|upgrad(?:e|ing) (?:from|to)|downgraded?|driver|firmware|release[ds]?|lib\w*|build"
        r"|sections?|chapter|clause|oid|patch|sdk|api|kernel|package|plugin|requires?|schema|rev|revision",
    ),
}
_UNIT_BEHIND: Final = re.compile(
    r"(?!\s?.{0,2}(?:先生|女士|小姐|老师|经理|师傅))"
    r"(?:\.[0-9]+)?\s?(?:美元|欧元|日元|港元|元|人民币|人|名(?![下称字])|户(?![名主口籍])|个(?!人)|条|次|吨|公斤|千克|公里|米|万|亿|件|股|字节|岁|辆|套|页|册"
    r"|(?:dollars?|usd|eur|euros?|yuan|rmb|pounds?|records?|rows?|users?|people|persons?|inhabitants"
    r"|bytes?|times|items|tokens"
    r"|samples|views|shares|votes|km|kg|tons?|tonnes|miles|years|cells|units|copies|lines|files|parameters)\b)",
    re.IGNORECASE,
)


def nearest_cue(text: str, start: int, kinds: tuple[Cue, ...]) -> Cue | None:
    """Give the kind of the last word of these kinds before `start`, in its clause and at most 32 characters away."""
    window = _LINE_BREAK.sub(" ", text[max(0, start - _WINDOW) : start])
    return _last_cue(window, kinds) if _LETTER.search(window) else None


@lru_cache(maxsize=1024)
def _last_cue(window: str, kinds: tuple[Cue, ...]) -> Cue | None:
    ends = [end.end() for end in _CLAUSE_END.finditer(window)]
    clause = window[ends[-1] :] if ends else window
    last, found = -1, None
    for kind in kinds:
        for word in _PATTERNS[kind].finditer(clause):
            near = kind != "other" or len(clause) - word.end() <= _NEAR
            if near and word.end() > last:
                last, found = word.end(), kind
    return found


def is_amount(text: str, end: int) -> bool:
    """Say whether a unit stands behind a number that ends at `end`."""
    return _UNIT_BEHIND.match(text, end) is not None


def _compiled(chinese: str, english: str) -> re.Pattern[str]:
    return re.compile(rf"{chinese}|(?<![a-z0-9])(?:{english})(?![a-z])", re.IGNORECASE)


_PATTERNS: Final = {kind: _compiled(*words) for kind, words in _WORDS.items()}
