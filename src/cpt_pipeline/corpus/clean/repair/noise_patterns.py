"""The patterns of `line_noise`, Chinese and English: a small list in which every entry is meant to be read.

Each alternative names the form of a notice, not its subject. Lines are capped before they are asked, and every repeat
inside a mark is bounded, so no pattern can run away.
"""

from __future__ import annotations

import re


def _items(table: str) -> tuple[str, ...]:
    return tuple(item.strip() for item in table.replace("\n", " ").split(",") if item.strip())


_NUMBERS = r"[1-9]\d{0,2}(?:\s?[-–,，、]\s?\d{1,3}){0,12}"
_NOTE = (
    rf"\[{_NUMBERS}\](?::\d{{1,4}}(?:[-–]\d{{1,4}})?)?|\[(?:note|nb|n|注|註)\s?\d{{1,3}}\]"
    r"|\[(?:citation needed|clarification needed|who\?|when\?|edit|编辑|編輯|来源请求|來源請求|需要引用|原创研究？)\]"
)
_NAME = r"[A-Z][A-Za-zÀ-ÿ'’\-]{1,24}"
_YEAR = r"(?:1[89]|20)\d{2}[a-z]?"
_AUTHORS = rf"{_NAME}(?: et al\.?,?|,? (?:and|&) {_NAME},?)"
_ONE_SOURCE = rf"(?:see |e\.g\.,? |cf\. )?{_AUTHORS} {_YEAR}(?:, pp?\. ?\d{{1,4}}(?:[-–]\d{{1,4}})?)?"

SAFE_CITATION = re.compile(
    rf"(?<=[.,;!?\"”’'」』》)）。，；、！？])(?:{_NOTE})+"
    r"|(?<=\w) ?\[(?:citation needed|clarification needed|来源请求|來源請求|編輯|编辑|edit)\]"
    rf"| ?\({_ONE_SOURCE}(?:; {_ONE_SOURCE}){{0,12}}\)"
    rf"|[（(][\u4e00-\u9fff]{{2,4}}等[，,]\s?{_YEAR}[）)]"
)
"""What is a citation wherever it stands."""

WORD_CITATION = re.compile(rf"(?<=[A-Za-z0-9%\u4e00-\u9fff])(?:{_NOTE})+(?![A-Za-z0-9_]|\s?[=\[(])")
"""What is one in a text that has others: the same form after a word may be an index."""

BIBLIOGRAPHY = re.compile(
    r"(?:\[\d{1,3}\]|［\d{1,3}］)\s*\S.{5,400}?"
    rf"(?:\[[JMCDNPRSZ](?:/OL)?\]|doi[:.]|\b(?:pp?|vol|no)\. ?\d|\(?{_YEAR}\)?[;:,] ?\d|et al\."
    r"|\d{1,4}[-–]\d{1,4}\.?$)",
    re.IGNORECASE,
)

COPYRIGHT = re.compile(
    rf"^\W*(?:copyrights?\s*(?:©|\(c\)|&copy;)?|©|\(c\))\s*(?:by\s+)?(?:{_YEAR}|\w[\w .&'-]{{0,40}},? {_YEAR})"
    r"|\ball rights (?:are )?reserved\b\W{0,3}(?:\S+(?:\s+|$)){0,6}$"
    r"|^\W*(?:版权所有|版權所有|著作权所有)(?!的|者|人)"
    r"|(?:版权所有|版權所有)[，,。！!\s]{0,3}(?:违者必究|翻版必究|侵权必究|盗版必究|严禁|禁止|请勿|不得|转载|未经)"
    r"|(?:本站|本网|本文|本报|本刊|本书|书面|版权)[^。]{0,30}(?:未经|不得|禁止|严禁|谢绝|请勿)[^。]{0,25}(?:转载|摘编|镜像|翻印|盗用)"
    r"|^\W*未经[^。，]{0,15}(?:许可|授权|同意|允许|书面)[^。]{0,12}(?:不得|禁止|严禁|谢绝|请勿)[^。]{0,12}(?:转载|摘编|镜像|翻印|复制)[^。]{0,15}[。！]?$"
    r"|[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]ICP[备证]\s?\d{5,}号?|公网安备\s?\d{8,}"
    r"|^\W*(?:no part of this (?:publication|book|work) may be|this material may not be published, broadcast)"
    r"|^\W*(?:转载请注明出处|转载请注明|转载须注明|如需转载)[^。]{0,40}$"
    r"|^\W*(?:terms of (?:use|service)|privacy policy)\b.{0,80}(?:privacy policy|terms of (?:use|service)|©|cookies?)",
    re.IGNORECASE,
)

COPYRIGHT_KEYWORDS = _items("""
©, copyright, (c), &copy;, reserved, no part of this, this material may, terms of, privacy policy, 版权, 版權,
著作权, 未经, 不得, 禁止, 严禁, 谢绝, 请勿, 转载, icp备, icp证, 公网安备
""")
"""Of which every match of `COPYRIGHT` holds one, in lower case."""

ADVERTS = (
    r"^\W*(?:请|欢迎|赶紧|快来|立即|马上|现在就)?(?:加|添加)(?:我|小编|客服|老师)?(?:的)?(?:微信|vx|V信|QQ|企鹅)(?:号|群|公众号)?[：:\s]?[A-Za-z0-9_]"
    r"|(?:微信号|微信|QQ群|QQ|扣扣)[：:]\s?[A-Za-z0-9_-]{5,}"
    r"|^\W*(?:长按|扫描|扫一扫|微信扫|手机扫|识别)[^。]{0,16}二维码"
    r"|(?:点击|戳)(?:下方|上方|文末|这里|此处|左下角|右下角|阅读原文|蓝字)[^。]{0,12}(?:链接|购买|关注|领取|下载|报名|查看|订阅|阅读原文|$)"
    r"|^\W*(?:欢迎|请|记得|别忘了|赶快|快来)?(?:大家)?(?:关注|订阅)(?:我们|我|本站|本号|下方)?的?(?:官方)?(?:微信)?(?:公众号|公号|订阅号|微博)"
    r"|(?:限时|限量)(?:优惠|特价|抢购|折扣|免费|秒杀|领取)|免费(?:领取|试听|报名|咨询)[！!，,。\s]"
    r"|(?:点击|立即|马上|火速|赶紧)(?:抢购|购买|下单|报名|领取|咨询|注册|下载APP)"
    r"|(?:咨询|客服|订购|招商|加盟|服务|销售|订票|免费)(?:热线|电话)\s?[：:]\s?[\d+(（-]"
    r"|(?:广告|商务|投稿)(?:合作|联系|投放)\s?(?:[：:]|请?(?:联系|加|致电))|欢迎(?:来电|致电)(?:咨询|订购|洽谈)"
    r"|^(?:广告|推广|赞助内容|赞助商链接)$"
    r"|^\W*(?:advertisements?|advertising|sponsored(?: content| post)?|paid content)\W*$"
    r"|^\W*(?:advertisement\W{1,3})?story continues below(?: advertisement)?\W*$"
    r"|\b(?:subscribe|sign up) (?:now )?(?:to|for) (?:our|the|my)(?: [\w-]+){0,3} "
    r"(?:newsletters?|mailing list|channel|updates|e-?mails?)\b"
    r"|^\W*(?:follow|like|find|join) us (?:now )?(?:on|at) "
    r"(?:twitter|facebook|instagram|youtube|linkedin|pinterest|tiktok|telegram)"
    r"|^\W*click (?:here|below|the link)(?: below)? (?:to|for) "
    r"|^\W*(?:buy|order|shop|call|book|subscribe|register|enrol?l) (?:it |us )?(?:now|today)\b"
    r"|\b(?:limited[- ]time offer|money[- ]back guarantee"
    r"|while (?:supplies|stocks?) lasts?|add to (?:cart|basket|wishlist))\b"
    r"|\b(?:promo|coupon|discount) codes? [\"“']?[A-Z0-9]{4,}|\bfree shipping (?:on|for) (?:all )?orders\b"
    r"|\b(?:download|get) (?:our|the) (?:free )?(?:mobile )?app (?:now|today|on (?:the )?(?:app store|google play))"
    r"|^\W*(?:best|great|low(?:est)?) (?:price|deal)s? (?:guaranteed|on|for) "
)
"""One alternative per form; matched without case, in short lines only."""

ADVERT_KEYWORDS = _items("""
微信, vx, qq, 企鹅, 扣扣, v信, 二维码, 点击, 戳, 关注, 订阅, 限时, 限量, 免费, 立即, 马上, 火速, 赶紧, 热线,
电话, 广告, 商务, 投稿, 欢迎来电, 欢迎致电, 推广, 赞助, advert, story continues, sponsored, paid content,
subscribe, sign up, us, click, now, today, limited, guarantee, while s, add to, code, free shipping, app, price,
deal, order, buy
""")
"""Of which every match of `ADVERTS` holds one, in lower case."""

NAVIGATION_LINES = re.compile(
    r"skip to (?:main )?(?:content|navigation)|back to (?:the )?(?:top|home(?: ?page)?)"
    r"|(?:click (?:here )?to )?read more|(?:continue|keep) reading"
    r"|share (?:this|on)(?: (?:post|article|page|story|facebook|twitter|linkedin|whatsapp|email))?|tweet this|pin it"
    r"|(?:log|sign) ?(?:in|out|up)(?: (?:or|/|\|) (?:register|(?:log|sign) ?(?:in|up)))?"
    r"|(?:leave|post|add) a (?:comment|reply)|reply to this"
    r"|(?:previous|next|older|newer)(?: (?:post|article|page|story|entry))s?|load more(?: comments| posts)?"
    r"|show (?:more|less)|view all|see all|site ?map"
    r"|(?:click|tap) (?:to|for) (?:enlarge|more|share|print|full size)(?: image)?|print this (?:page|article)"
    r"|jump to (?:navigation|search|content)|toggle navigation"
    r"|返回(?:顶部|首页|列表|上一页|目录|搜狐，查看更多)|回到(?:顶部|首页)"
    r"|(?:上|下)一(?:篇|页|章|条|节)(?:[：:].{0,40})?|(?:点击)?(?:查看|阅读)(?:更多|全文|原文|详情|全部)"
    r"|展开(?:全文|更多|阅读全文)|(?:加入|添加)收藏|设为首页|当前位置[：:].{0,60}"
    r"|您(?:现在|当前)(?:的)?(?:所在)?(?:的)?位置(?:是)?[：:].{0,60}"
    r"|责任编辑[：:]\s?\S{1,8}|(?:发表|我要)评论|(?:相关|推荐|延伸|热门)(?:阅读|文章|推荐|新闻|链接)"
    r"|分享(?:到|至)[：:]?.{0,30}|(?:打印|关闭)(?:本页|窗口)|跳转到(?:导航|搜索|内容)",
    re.IGNORECASE,
)

NAVIGATION_ITEMS = frozenset(
    _items("""
home, about, about us, contact, contact us, login, log in, sign in, sign up, register, search, menu, faq, faqs,
help, sitemap, site map, privacy, privacy policy, terms, terms of use, terms of service, careers, blog, news,
shop, cart, my account, account, archives, categories, subscribe, newsletter, rss, next, previous, prev, share,
print, twitter, facebook, instagram, youtube, linkedin, pinterest, email, e-mail, reply, edit, disclaimer,
advertise, 首页, 主页, 网站首页, 关于我们, 联系我们, 登录, 登陆, 注册, 搜索, 帮助, 帮助中心, 网站地图, 隐私政策,
法律声明, 免责声明, 人才招聘, 加入我们, 招聘信息, 产品中心, 产品展示, 新闻中心, 新闻资讯, 公司简介, 在线留言,
客户留言, 留言板, 友情链接, 广告服务, 意见反馈, 收藏本站, 返回首页, 上一页, 下一页, 尾页, 打印, 分享, 收藏, 评论,
微博, 微信, 论坛
""")
)
