"""The patterns of `tool_claims`, Chinese and English: who speaks, what is done, and an object of the service.

Every repeat is bounded, so no pattern can run away.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

# Chinese: a clause begins with who speaks and when; `帮您`, `为您` tell that it is done for the customer.
_CLAUSE = r"(?:^|[，,：:\s])"
_ABOUT = r"(?:那|好的?|嗯|行|您好|亲|稍等|(?:这|该|您的?|此)个?(?:问题|情况|诉求|反馈|订单|包裹|单子))?"
_SPEAKER = r"(?:我们?|小[编妹二]|客服|我们?这[边里]|这[边里]|系统|后台)"
_WHEN = r"(?:已经?|刚[才刚]?|先|再|现在|正在|马上|立[即刻]|这就|可以|会|去|来|重新|也|都|就|及时|优先|尽快)"
_BEGIN = rf"{_CLAUSE}{_ABOUT}(?:{_SPEAKER}|{_WHEN})"
_FOR_YOU = r"(?:[帮为给替](?:您|你|咱|亲)|帮)(?:这边|往上|先|再|重新|加急|优先|及时|都|也|已经?){0,4}"
_SERVE = (
    r"(?:查(?![体房血尿个])|问(?:了|一下|下|问)|核[实对查]|看(?:了|到|看|一下|下)|确认|登记|提交|反馈"
    r"|转(?![达述告换化])|开通|取消"
    r"|修改|更改|改[成为好了]"
    r"|升级|备注|记录|退(?:款|货|回|了|费)|补[发偿寄]|申请|下单|安排|催|加急|联系|预约|关闭|重置|发送|发了|下发"
    r"|上报|跟进|处理|办理"
    r"|解[锁冻绑]|冻结|挂失|更新|充值|调[取整阅]|绑定|减免|报修|派单|投诉|建(?:了|立)?(?:一个|个)?工?单|续费"
    r"|邮?寄|打(?:了|个)*电话|通知|订"
    r"|预[订定]|下载|删除|恢复|激活|注册|把[^，。]{0,12}(?:改|换|退|取消|调|关|开|删|设置)成?[了好到为]?)"
)
_LOOK = r"(?:查[看询阅到了下]?|核[实对查]|看[了到过下]|看一下|调[取阅]|翻[看查]|检查|确认|登录)"
_OBJECT = (
    r"(?:订单|物流|快递|包裹|[账帐][户号]|余额|工单|进线|套餐|流量|扣款|退款|会员|积分|优惠券|预约|库存|单号"
    r"|运单|保单|话费|账单"
    r"|实名|录音|监控|聊天记录|(?:消费|交易|购买|通话|缴费|充值|使用|登录|来电|服务)记录|后台|系统(?![性学])"
    r"|机票|航班|保修)"
)
_SERVICE = (
    r"(?:技术|相关(?:部门|人员|同事|负责人)|售[前后]|仓库|商家|卖家|店家|快递|网点|物流|主管|经理|专员|专家"
    r"|部门|后台|上级|同事"
    r"|工程师|骑手|司机|平台|财务|门店|师傅|厂家|品牌方|酒店|航司|客服|银行)"
)
_HAND_ON = r"(?:反馈|转交|提交|上报|升级|转达|透传|联系|通知|转接|登记|备注|申请|移交|同步)"
CONDITION = re.compile(r"(?:如果?|若|要是|假如|倘若|一旦|当|if|once|when)(?:\b|(?=[\u4e00-\u9fff]))", re.IGNORECASE)
_NOT_WHEN = r"(?![^。！？]*(?:时|的话|之后|以后)[，,])"
_CHINESE = (
    rf"{_CLAUSE}{_ABOUT}(?:{_SPEAKER}|{_WHEN}){{0,5}}{_FOR_YOU}{_SERVE}",
    rf"{_BEGIN}(?:{_SPEAKER}|{_WHEN}){{0,5}}{_LOOK}[^。！？，,]{{0,20}}{_OBJECT}",
    rf"{_BEGIN}(?:{_SPEAKER}|{_WHEN}){{0,5}}在?(?:系统|后台)[里中上]?{_LOOK}",
    rf"{_BEGIN}(?:{_SPEAKER}|{_WHEN}){{0,5}}[^，。！？]{{0,14}}?{_HAND_ON}[^，。！？]{{0,12}}?{_SERVICE}",
    rf"{_CLAUSE}(?:我们?|这[边里]){{0,3}}(?:系统|后台|这[边里])[里中上]?(?:目前|现在)?(?:显示|提示|记录|查询?到"
    rf"|看到)"
    rf"[^，。！？]{{0,6}}(?:[您你]|{_OBJECT}){_NOT_WHEN}",
    rf"{_CLAUSE}经?(?:系统|后台)?(?:查询|核[实查]|查证|确认)(?:到|后?[，,])[^，。]{{0,4}}(?:[您你]|{_OBJECT})",
    rf"{_BEGIN}(?:{_SPEAKER}|{_WHEN}){{0,5}}(?:查询?|核[实对]|检索)到(?:了(?=\W|$)|[您你])",
    rf"{_CLAUSE}(?:我们?|这[边里]){{1,2}}已经?(?:催|加急|登记|备注|反馈|上报)",
    r"(?:客服|专员|专人|工作人员|同事|工程师|技术人员|主管|师傅)[^，。]{0,4}(?:会|将|稍后"
    r"|尽快)[^，。]{0,10}(?:回复|联系|回电|致电)[您你]",
    rf"{_CLAUSE}(?:查|看)到[您你]",
    rf"我(?:这[边里]|{_WHEN}){{0,4}}{_FOR_YOU}{_SERVE}",
    rf"{_BEGIN}(?:{_WHEN}){{0,2}}(?:把|将)[您你]的[^，。]{{1,10}}(?:转达|反馈|转交|提交|上报|透传|记录|升级)",
    rf"{_BEGIN}[^，。]{{0,4}}安排[^，。]{{0,4}}{_SERVICE}",
    rf"{_SPEAKER}正在(?:查询|核[实对查]|检索|调取|搜索)",
    r"根据(?:我们)?(?:的)?(?:系统|后台|订单|会员|账户)[里中]?的?(?:信息|记录|显示|查询|数据)",
    rf"{_CLAUSE}(?:好的?)?(?:我们?|这[边里]|先|再|去|来|现在|马上){{1,4}}(?:查[看询]?|核[实对])(?:一?下"
    rf"|看)(?=\W|$)",
    rf"{_CLAUSE}(?:我们?|这[边里]){{0,2}}已经?(?:成功|全部)?(?:提交|登记|反馈|备注|升级|开通|取消|修改|退款"
    rf"|补发|下单|转接|受理"
    rf"|加急)(?:成功|完成|好|完毕|处理|上去)?了?(?=[，。！,!]|$)",
    rf"{_CLAUSE}(?:我们?|这[边里])?(?:系统|后台|这[边里])[里中上]?(?:暂时|目前)?(?:没有|未|没)(?:查|看"
    rf"|找)?到?[您你]",
    rf"{_CLAUSE}(?:{_SPEAKER}|已经?|刚[才刚]?){{1,3}}(?:用|通过|使用|调用)了?(?:工具|搜索引擎|浏览器|计算器"
    rf"|接口|API|插件)",
    rf"{_CLAUSE}(?:{_SPEAKER}|{_WHEN}){{0,5}}(?:在网上|上网|联网)(?:搜索?|查[找询]?)[了到]",
    rf"{_BEGIN}(?:{_SPEAKER}|{_WHEN}){{0,5}}打开了?[您你](?:发|给|提供|分享)[^，。]{{0,4}}的?(?:链接|网[页址])",
    rf"{_BEGIN}(?:{_SPEAKER}|{_WHEN}){{0,5}}(?:运行|执行|跑)了[^，。]{{0,6}}(?:代码|程序|脚本|命令)",
    rf"{_BEGIN}[^，。]{{0,8}}保存[到在][您你]的",
)

# English: I or we, a verb of handling, and what belongs to a service.
_I = (
    r"(?<!\bif )(?<!when )(?<!once )(?<!that )\b(?:i|we)(?:'ve|'m|'ll|'re| have| am| are| will| can"
    r"| do)?(?:(?: just| already| now| also| went ahead and| gone ahead and| going to| have to| need to"
    r"| was able to| were able to){0,4})"
)
_LET_ME = r"\b(?:let me|allow me to|while i|i'll|i will|i'm going to|i can)(?: just| quickly| go ahead and){0,3}"
_THING = (
    r"(?:orders?|accounts?|bookings?|reservations?|subscriptions?|tickets?|case|shipment|packages?|parcel"
    r"|tracking|payments?|transfers?|services?|usage|bills?|coverage|card|"
    r"transactions?|invoices?|refunds?|profile|policy|membership|warranty|balance|appointment|charges?|plan"
    r"|claim|delivery|return)"
)
_YOURS = (
    rf"(?:your|our)(?: \w+){{0,2}}? (?:{_THING}|systems?|records?|database|files?|logs?|inventory|calendar"
    r"|details|information)\b"
)
_STAFF = (
    r"(?:warehouse|carrier|courier|store|manager|supervisor|team|department|driver|seller|merchant|technicians?"
    r"|engineers?|engineering|"
    r"support|billing|restaurant|hotel|airline|bank|specialist|agent|colleagues?|office|vendor)"
)
_STAFF_OF = rf"(?:the|our|my|a|your)(?: \w+){{0,2}}? {_STAFF}\b"
_LOOKED = (
    r"(?:check(?:ed|ing)?|look(?:ed|ing)? (?:up|into|at)|pull(?:ed|ing)? up|review(?:ed|ing)?|see|seeing|found|find"
    r"|verif(?:y|ied|ying)|"
    r"confirm(?:ed|ing)?|search(?:ed|ing)?|locat(?:e|ed|ing)|access(?:ed|ing)?|bring(?:ing)? up|brought up)"
)
_DID = (
    r"(?:flag(?:ged|ging)? (?:this|it|that|your)|(?:sent|sending|send|submitted) (?:your|this|the) (?:\w+ )?"
    r"(?:request|message|details|report|claim|form) to"
    rf"|revers(?:ed|ing|e) (?:the|your|that)(?: \w+){{0,2}}? {_THING}\b"
    rf"|(?:open|creat|fil|submitt|logg|rais)(?:ed|ing|e)? (?:(?:the|your|this) (?:\w+ ){{0,3}}?{_THING}|"
    r"(?:an?|the|your|this) (?:\w+ ){0,3}?(?:ticket|case|claim|request|complaint|report|return))\b"
    rf"|(?:process|issu|initiat|approv|refund|cancel|cancell|reactivat|renew|extend|upgrad|chang|updat|reset"
    rf"|resett|unlock|activat|expedit)"
    rf"(?:ed|ing|e)? (?:a|an|the|your|this|that)(?: \w+){{0,2}}? (?:{_THING}|address|password|email|e-mail"
    rf"|phone|number|settings|preferences|device)\b"
    r"|(?:reset|processed) (?:your|the|a) (?:password|refund|return|replacement|exchange|payment)"
    r"|escalat(?:ed|ing|e) (?:this|your|it|the)"
    rf"|(?:forward|pass|rais|refer|report)(?:ed|ing|e)? (?:this|your|it|that)\b.{{0,40}}? (?:to|with) {_STAFF_OF}"
    r"|(?:transfer(?:red|ring)?|connect(?:ed|ing)?|redirect(?:ed|ing)?|patch(?:ed|ing)?) (?:you|your call"
    r"|this chat)\b"
    r"|(?:book|reserv|order|arrang)(?:ed|ing|e)? (?:a|an|the|your|you a)(?: \w+){0,2}? (?:table|room|flight"
    r"|seat|ticket|taxi|replacement|pickup|hotel)"
    r"|schedul(?:ed|ing|e) (?:a|an|the|your)(?: \w+){0,2}? (?:call|callback|appointment|meeting|visit|pickup"
    r"|delivery|technician)"
    r"|(?:sent|sending|send|resent|emailed|texted|mailed) (?:you|your|out)\b.{0,20}?"
    r"(?:code|link|e-?mail|message|text|sms|copy|label|form|replacement|refund|invoice|receipt|confirmation"
    r"|instructions)"
    r"|(?:add|appl|credit)(?:ed|ying|ing|ied|y)? .{0,30}?(?:credits?|discount|refund|coupon|points|your account)"
    r"|(?:waiv|remov|revers)(?:ed|ing|e) (?:the|your|that|this) (?:\w+ )?(?:fee|charge|hold|block|restriction)"
    r"|(?:refunded|reimbursed) (?:you|your|the)|made a note (?:on|in|of|that)|noted (?:this|that|your)|(?:put"
    r"|putting) in an? (?:\w+ )?(?:request|ticket|claim|order)"
    r"|plac(?:ed|ing) (?:an?|the|your) (?:\w+ )?(?:order|hold|request|block)|(?:added|removed) .{1,30}?(?:to"
    r"|from) your (?:cart|account|order|profile)"
    r"|issued you an? (?:\w+ )?(?:refund|credit|voucher|replacement)"
    rf"|(?:contact|notif|call|e-?mail|ask|inform|alert|check|sp[eo]ak|spoken|spoke|talk)(?:ed|ied|ying|ing|en"
    rf"|y)?(?: with| to)? {_STAFF_OF})"
)
_ENGLISH = (
    rf"{_I} {_LOOKED} .{{0,30}}?\b(?:{_YOURS}|(?:the|my|our) (?:order|system|inventory|carrier|warehouse"
    rf"|database)\b(?! of))",
    rf"{_I} (?:can )?see (?:here|that|on my (?:end|screen)|from (?:our|your))\b.{{0,20}}?(?:{_YOURS}|my (?:end"
    rf"|screen))",
    rf"{_I} (?:\w+ ){{0,2}}?{_DID}",
    rf"{_I} (?:just )?(?:looked|looking|look|checked|checking|check) into (?:this|that|it)\b",
    rf"{_LET_ME} (?:{_LOOKED} .{{0,20}}?(?:{_YOURS}|(?:that|this|it) (?:up )?for you|on (?:that|this|it)\b)"
    rf"|{_DID})",
    rf"{_LET_ME} {_LOOKED} (?:that|this|the|these) (?:\w+ )?{_THING}\b(?! of)",
    r"\blet me check (?:that \w+|our|your|if (?:we|your|the)|for (?:you|that)|with (?:my|our|the)|availability"
    r"|inventory|stock)\b",
    r"\blet me see (?:what|if|which) .{1,30}?(?:open|available|in stock|we have)\b",
    r"\b(?:i'll|i will|let me|i can) get (?:that|this|it|you) (?:\w+ )?(?:booked|cancell?ed|changed|updated"
    r"|sorted|processed|set up|taken care of)\b",
    rf"{_I} see .{{1,40}}? on (?:the|your|our) (?:account|order|file|system)\b",
    r"\bi have you down (?:as|for)\b",
    r"\b(?:i'll|i will|we'll|we will) have (?:someone|an?|the|our|my) .{0,30}?(?:call|contact|reach out"
    r"|get back|e-?mail)\b",
    r"\bthe (?:refund|charge|fee|ticket|replacement) has (?:now |just |already )?been"
    r" (?:initiat|issu|process|revers|waiv|creat|escalat|cancel|approv|submitt)",
    rf"{_I} see (?:that )?you(?:'ve| have) (?:been|had|made|placed|ordered|called|contacted|already)\b",
    rf"{_I} see (?:the|an?|your|two|three|one) (?:\w+ ){{0,2}}?(?:charges?|payments?|orders?|transactions?"
    rf"|bookings?|tickets?|refunds?)\b(?! of)",
    r"\bi have (?:your|the) .{1,20}? (?:pulled up|open here|in front of me|on my screen)\b",
    r"\blet me (?:check|look (?:that|this|it) up|see)(?: (?:that|this|it))?(?: (?:for you|real quick|quickly"
    r"|now))*\W*$",
    r"\b(?:according to|based on) (?:our|my|the) (?:records|system|database|notes)\b",
    r"\b(?:our|my) (?:systems?|records|database|notes|screen)(?: \w+)? (?:shows?|indicates?|says?|lists?"
    r"|showing)\b",
    r"\bthe system (?:shows?|indicates?|says?)(?: me)?(?: that)? (?:you|your)\b",
    rf"\blooking at {_YOURS}",
    rf"(?<!once )(?<!when )(?<!after )(?<!until )\byour(?: \w+){{0,2}}? (?:{_THING}|password|address|complaint"
    rf"|request|feedback)"
    r" (?:has|have) (?:now |just |already |successfully )*been (?:cancel|refund|process|updat|reset|escalat"
    r"|submitt|transferr|forward|approv|book|"
    r"confirm|upgrad|credit|reactivat|unlock|register|renew|chang|expedit)",
    rf"{_I} (?:searched|browsed|googled|checked|looked (?:online|on)) ?(?:on |through )?(?:the )?(?:web"
    rf"|internet|online|google)\b",
    rf"{_I} (?:opened|visited|clicked(?: on)?) (?:the|your) (?:link|url|page|website|attachment)",
    rf"{_I} (?:ran|executed|tested) (?:the|your|this) (?:code|script|program|query|command|notebook)",
    rf"{_I} (?:saved|uploaded|downloaded|deleted|renamed|exported) (?:the|your|this|it)(?: \w+)? ?(?:files?"
    rf"|document|report)?"
    r" ?(?:to|on|from|in) your\b",
)

_TRADITIONAL = (
    "幫為給請詢單賬帳務處統後臺顯確認實經剛馬這裡邊們轉專員時間訂證開關發聯調閱記錄"
    "進現個問題對應該夠號碼戶儲鎖凍結賣買換還說讓會導項遞據續預約過聽訊雲區圖軟體"
)
_SIMPLIFIED = (
    "帮为给请询单账账务处统后台显确认实经刚马这里边们转专员时间订证开关发联调阅记录"
    "进现个问题对应该够号码户储锁冻结卖买换还说让会导项递据续预约过听讯云区图软体"
)
TO_SIMPLIFIED = str.maketrans(_TRADITIONAL, _SIMPLIFIED)
"""For the characters of the patterns; one for one, so that places in the text hold."""


@cache
def claims(language: Literal["zh", "en"]) -> re.Pattern[str]:
    """Give one pattern of all for a language."""
    patterns = _CHINESE if language == "zh" else _ENGLISH
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE)
