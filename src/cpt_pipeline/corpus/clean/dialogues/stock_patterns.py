"""The formulas of `stock_replies`, Chinese and English; each is a whole clause in the form of `plain`."""

from __future__ import annotations

import re
from functools import cache

_YOU = "(?:您|你|亲|咱)"
_TONE = "(?:亲|哦|呢|哈|呀|啊|噢|的|了|吗|喔|嘛|哟)*"
_CHINESE = (
    f"(?:{_YOU}们?|大家)(?:好|早)",
    "(?:早上|上午|中午|下午|晚上)好",
    "亲(?:爱的)?(?:用户|顾客|客户|会员|亲)?",
    "(?:我)?在",
    "欢迎(?:您|你)?(?:再次|下次)?(?:光临|咨询|致电|来电|惠顾|使用|来到|进入)[^，。]{0,8}",
    f"(?:我)?(?:很|非常|十分)?(?:高兴|荣幸|乐意)(?:能)?为{_YOU}(?:服务|解答)?",
    f"(?:这里是)?[^，。]{{0,10}}(?:客服|坐席|工号)[^，。]{{0,10}}(?:为{_YOU}服务|竭诚为{_YOU}服务)",
    f"(?:请问|您看|那)?(?:还)?有?(?:什么|啥|哪些|其他)?(?:其他|别的)?(?:问题|需要)?(?:我)?(?:可以|能|能够"
    f"|需要)?(?:帮助?|为|协助)(?:到|助)?{_YOU}"
    "(?:服务|解决|处理|解答)?",
    "(?:请问)?(?:还)?有(?:什么|啥|其他|别的|任何)?(?:其他|别的)?(?:的)?(?:问题|需要|疑问)(?:需要(?:帮助|咨询|处理))?",
    f"(?:请问)?(?:还)?有(?:什么|其他|别的)?(?:其他|别的)?(?:的)?(?:可以|能|需要)(?:帮助?|为|协助)(?:到)?{_YOU}",
    f"(?:我?这边)?(?:请|麻烦)?(?:{_YOU})?(?:再)?(?:稍等|稍候|稍后|等待?|耐心等待?)(?:一?下|片刻|一会儿?|一会"
    f"|几分钟|一分钟)?",
    "(?:好|嗯|嗯嗯|收到|明白|了解|知道|没问题|没事|没关系|不要紧)",
    f"(?:好的?)?(?:我|我们)?(?:都|也|已经?)?(?:很|非常|完全|十分|特别)?(?:能|可以)?(?:够)?(?:理解|明白|体谅"
    f"|感受到|清楚){_YOU}(?:现在|此刻)?(?:的)?"
    "(?:心情|感受|意思|顾虑|问题|想法|处境|难处)?",
    f"{_YOU}的(?:心情|感受|意思|顾虑|想法)(?:我|我们)?(?:都|也|是)?(?:很|非常|完全|十分|特别)?(?:能"
    f"|可以)?(?:够)?(?:理解|明白|体谅|清楚|知道)",
    f"(?:再次)?(?:非常|十分|衷心)?(?:感谢|谢谢|多谢)(?:{_YOU})?(?:们)?(?:的)?(?:对)?(?:我们|我)?(?:的)?(?:工作"
    f"|服务)?(?:的)?"
    "(?:来电|致电|咨询|耐心|等待|耐心等待|支持|理解|配合|反馈|信任|谅解|认可|肯定|厚爱|使用|关注|惠顾|光临"
    "|宝贵意见|建议|接听)?"
    "(?:和|与|及)?(?:支持|理解|配合|信任|等待)?",
    f"祝{_YOU}?(?:们)?(?:生活|工作|购物|旅途|出行|周末|节日|一切|身体|天天|每天|学习|家人|心情|游戏"
    f"|用餐)?[^，。]{{0,6}}",
    "(?:再见|拜拜|再会|回见|晚安)",
    "(?:不客气|不用谢|不谢|别客气|客气)",
    "这(?:都)?是(?:我|我们)(?:的)?(?:应该做|应该|职责|分内之事|荣幸)",
    f"(?:非常|十分|实在|真的|很|真)?(?:不好意思|抱歉|对不起|对不住)(?:{_YOU})?",
    f"(?:非常|十分|实在|真的|很|真)?(?:不好意思|抱歉|对不起)?(?:给|为|对)?{_YOU}?(?:给|为|让){_YOU}(?:久等|带来"
    f"|造成|添)(?:了)?[^，。]{{0,4}}"
    "(?:不便|困扰|麻烦|不好的体验|影响)?",
    "(?:敬)?请?(?:您)?(?:多多)?(?:谅解|见谅|理解)",
    f"(?:请|麻烦|辛苦|劳烦|邀请)(?:{_YOU})?(?:稍后)?(?:对|为|给)?(?:我|我们|本次|此次)?(?:的)?(?:本次"
    f"|此次)?(?:服务)?(?:做出?|进行|给|打|点)?(?:个|一个|一下)?"
    "(?:满意|五星)?(?:评价|好评|打分|评分|五星)",
    "(?:这里是|欢迎致电)[^，。]{1,14}(?:支持|中心|客服|旗舰店|专卖店|专营店|店铺|公司|热线|服务台|平台|售后)",
    f"(?:我|我们)?(?:会|一定|将)?(?:尽力|尽快|全力|努力)(?:帮|为|给){_YOU}(?:解决|服务|解答)",
    "(?:我|我们)?(?:已经?)?(?:明白|了解|理解|知道|清楚)",
    "请(?:讲|说)",
    f"(?:感谢|谢谢){_YOU}对[^，。]{{1,8}}的(?:支持|信任|关注|理解|认可|厚爱)",
    f"期待{_YOU}的?(?:再次|下次)?(?:光临|来电|咨询|惠顾)",
    f"(?:打扰|辛苦)(?:{_YOU})?",
    f"(?:请问)?{_YOU}还在(?:线|吗|听)?",
    "我是(?:您的)?[^，。]{0,6}客服[^，。]{0,4}",
    f"请?{_YOU}?(?:先)?(?:不要|别|勿)(?:挂机|挂断|挂电话|离开)(?:电话)?",
    "(?:如果?|若)?(?:您|你)?(?:还)?有(?:任何|什么|其他|别的)*(?:的)?(?:问题|疑问|需要|需求)(?:的话)?",
    f"(?:都|请|可以|欢迎|也可以|{_YOU})*(?:随时|及时|再)?(?:与|和|来|再)?(?:联系|咨询|找|问|呼叫|私信)(?:我"
    f"|我们|客服|在线客服)",
    "(?:如果?|若)?(?:您|你)?(?:这边)?(?:暂时)?没有(?:其他|别的|什么)*(?:的)?(?:问题|需要|疑问)(?:的话)?",
    f"(?:那)?(?:我)?(?:就|先)*不(?:再)?打扰{_YOU}",
    f"希望(?:能|可以|以上(?:信息|回答)?)?[^，。]{{0,4}}(?:帮助?|帮到)(?:到)?{_YOU}",
)
_US = "(?: (?:us|me|to us|in touch(?: with us)?))?"
_ENGLISH = (
    r"(?:hi|hello|hey|greetings|good (?:morning|afternoon|evening|day))(?: there| everyone| again| sir| madam"
    r"| dear| and welcome)*",
    r"(?:hi|hello|hey)(?: there)?(?: and)? (?:thanks?|thank you) for .{1,25}",
    r"(?:thank you|thanks) for (?:contacting|calling|choosing|visiting|reaching out to|being with)(?: \w+){1,4}",
    r"(?:thank you|thanks)(?: so much)? for (?:taking the time.{0,30}|bringing this to (?:my|our) attention"
    r"|letting (?:me|us) know)",
    r"welcome to (?:\w+ ){0,3}\w+",
    r"(?:completely |fully |totally )?understood",
    r"(?:it was |it's )?my pleasure to (?:help|assist) you(?: today)?",
    r"(?:we're|we are) (?:always )?(?:here|happy|glad) to (?:help|assist)",
    r"my name is \w+(?: \w+)?",
    r"(?:my name is|this is|i'm|i am) \w+(?: and)?(?: i'll| i will| i am going to| i'm going to) be (?:helping"
    r"|assisting)"
    r" you(?: today)?",
    r"welcome(?: back)?(?: to (?:\w+ ){0,3}(?:support|chat|service|help ?desk))?",
    r"(?:thank you|thanks|many thanks|thanks? a lot)(?: so much| very much| a lot| again| once again)*(?: for)?"
    r"(?: (?:your|the|so))*(?: (?:contacting|calling|reaching out|writing|waiting|holding|getting|patience"
    r"|understanding|time|asking|question|call|"
    rf"message|e-?mail|inquiry|support|business|choosing|visiting|chatting|cooperation|feedback|confirming"
    rf"|kind words|help|interest))*{_US}(?: today)?",
    r"(?:and )?(?:how|what) (?:can|may|could) (?:i|we) (?:help|assist|do for)(?: you)?(?: with)?(?: today| now)?",
    r"(?:can|could|would) you (?:please )?(?:hold|wait|bear with me)(?: on)?(?: for)?(?: just)?(?: a"
    r"| one)?(?: moment| second| minute)?",
    r"(?:please )?(?:hold on|hold|wait|hang on|bear with me|stay on the line"
    r"|just)?(?: while i check)?(?: for)?(?: just)? ?(?:a|one) "
    r"(?:moment|second|sec|minute|few (?:moments|minutes|seconds))(?: please)?",
    r"(?:please )?(?:hold on|hang on|bear with me|stay on the line|hold the line)(?: please)?",
    r"(?:please )?(?:give|allow) me (?:just )?(?:a|one) (?:moment|second|sec|minute|few (?:moments"
    r"|minutes))(?: please)?",
    r"(?:is there|was there|do you have|do you need|if there is|if there's)?(?: any ?(?:thing|other|more)?"
    r"| something)?(?: else| further| other| questions?| help)*"
    r"(?: (?:that )?(?:i|we) (?:can|could|may) (?:help|assist|do)(?: for)?(?: you)?(?: with)?)?(?: today)?",
    r"(?:please )?(?:just )?(?:let (?:me|us) know|feel free to (?:ask|reach out|contact us|contact me"
    r"|let me know)|don't hesitate to (?:ask|reach out|"
    r"contact us|contact me|let me know)|reach out|contact us)(?: anytime| again)*(?: (?:if|should"
    r"|in case) (?:you|there) .{0,60}"
    r"(?:questions?|else|help|concerns?|assistance|issues?|problems?|clarification|need)(?: or (?:concerns?"
    r"|issues?))?)?",
    r"if you have any (?:other |more |further )?(?:questions|concerns|issues)(?: or (?:concerns|questions))?",
    r"(?:(?:i|we) (?:am|are)|i'm|we're|i|we)?(?: do| sincerely| deeply)? ?(?:so |very |really |truly "
    r"|terribly )*(?:sorry|apologi[sz]e)(?: again)?"
    r"(?:(?: for| to hear| about| if)?(?: that| the| your| any| this| all)*(?: inconveniences?| delay| trouble"
    r"| wait| confusion| frustration| issue| experience)?"
    r"(?: this| it)?(?: may| might)?(?: has| have)?(?: caused)?(?: you)?)?",
    r"(?:my|our)(?: sincere(?:st)?| deepest)? apologies(?: for (?:the|any|this) (?:inconvenience|delay|trouble"
    r"|wait|confusion))?",
    r"(?:you're|you are)(?: very| most| always)? welcome(?: here)?",
    r"(?:no problem|no worries|not a problem|my pleasure|it was (?:my|a) pleasure(?: (?:helping"
    r"|assisting) you)?|anytime|any time)(?: at all)?",
    r"(?:and )?(?:have|enjoy|wish you)(?: a| the rest of your| an)? ?(?:great|good|nice|wonderful|lovely"
    r"|pleasant|fantastic|amazing|blessed)?"
    r" ?(?:day|one|evening|weekend|afternoon|night|week|rest of your day)(?: ahead| too| as well)?",
    r"(?:take care|stay safe|goodbye|good bye|bye|bye bye|see you(?: soon| later)?|take care and goodbye"
    r"|cheers)(?: now)?",
    r"(?:i|we)(?: can| do)?(?: completely| totally| fully| certainly| truly)* (?:understand|see|hear)(?: you)?"
    r"(?: (?:your|how|that|why)(?: \w+){0,4} ?(?:frustrat\w+|concerns?|feel(?:ing|ings)?|upset|situation"
    r"|disappoint\w+|point))?",
    r"(?:(?:i'm|i am|we're|we are) )?(?:so |very |really )?(?:glad|happy|pleased)(?: that)?(?: i| we)?(?: could"
    r"| was able| were able| to)*"
    r" (?:be of (?:help|service|assistance)|help|assist|hear that|hear it|hear from you)(?: out)?(?: you)?",
    r"(?:sure|certainly|of course|absolutely|ok|okay|alright|got it|understood|i see|great|perfect"
    r"|no problem)(?: thing)?",
    r"(?:(?:sure|certainly|of course|absolutely) )?(?:i'd|i would|i will|i'll|we'd"
    r"|we would) (?:be )?(?:more than )?(?:happy|glad|delighted|love)"
    r" to (?:help|assist)(?: you)?(?: out)?(?: with (?:that|this|it))?(?: today)?",
    r"(?:i'll|i will|i can)(?: certainly| definitely)? (?:help|assist) you(?: with (?:that|this|it))?(?: today)?",
    r"(?:i |we )?hope (?:this|that|it)(?: information| answer)? (?:helps?|is helpful"
    r"|answers your questions?)(?: you)?",
    r"(?:as |i'm |i am )?(?:an|your) (?:ai|virtual)(?: language)? (?:model|assistant)",
    r"(?:i'm|i am|we're|we are) (?:always )?here (?:to|for) (?:help|assist"
    r"|you)(?: you)?(?: with anything)?(?: today)?",
)

INTRODUCTION = re.compile(r"(?:this is|i'm|i am) \w+(?: \w+)?|speaking with you is \w+")
"""What is a formula beside `GREETING` alone."""
GREETING = re.compile(
    r"(?:thank you|thanks) for (?:calling|contacting|choosing)|how (?:can|may|could) i (?:help|assist)|welcome to"
)


@cache
def formula() -> re.Pattern[str]:
    """Give one pattern of all, for `fullmatch`."""
    return re.compile("|".join([*(f"(?:{each}){_TONE}" for each in _CHINESE), *(f"(?:{each})" for each in _ENGLISH)]))
