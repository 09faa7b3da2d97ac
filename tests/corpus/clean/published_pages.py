"""Short published texts of twelve kinds that say some things again, and pages that say nothing else; all made up.

Every second one of a kind, from the first on, chose limits; the others were looked at once, when all was done.
"""

from __future__ import annotations

from typing import Final


def _song(verses: list[str], chorus: str) -> str:
    return "\n\n".join(f"{verse}\n\n{chorus}" for verse in verses)


def _replies(given: str, *speakers: str) -> str:
    lines = given.strip().split("\n")
    return "\n".join(f"{speakers[at % len(speakers)]}\n{line}" for at, line in enumerate(lines))


def _after(given: str, answer: str) -> str:
    return "\n".join(f"{line}\n{answer}" for line in given.split("|"))


def _sing(first: str, *added: str) -> str:
    verses = [f"{line}\n" + "\n".join(reversed(added[:at])) for at, line in enumerate(first.split("|"), 1)]
    return "\n\n".join(verses)


VERSE = [
    _song(
        [
            "The boats went out on a windless day,\nThe nets lay grey on the stone,\nAnd she who had promised to wait by the bay\n"
            "Was counting the gulls alone.",
            "The boats came in when the lamps were lit,\nBut one was not of their number;\nThe old men shrugged at the loss of it,\n"
            "The young went up to slumber.",
            "Now seven winters have salted the door\nAnd seven Mays have dried it;\nShe has mended the net that he used before\n"
            "And laid his pipe beside it.",
        ],
        "Low lies the tide, my love, my love,\nLow lies the tide in the harbour,\nAnd high hangs the moon like a pale white glove\n"
        "On the branch of the empty arbour.",
    ),
    _sing(
        "On Monday I met with a miller who sold me a mule|On Tuesday I met with a tinker who sold me a pan|On Wednesday I"
        " met with a widow who sold me a wheel|On Thursday I met with a thatcher who sold me a rope|On Friday I met with"
        " a fiddler who sold me a tune|On Saturday I met with a sailor who sold me a shell",
        "and a mule that would never go home.",
        "a pan with a hole in the middle,",
        "a wheel that was missing its spokes,",
        "a rope that was eaten by mice,",
        "a tune with the ending forgotten,",
        "a shell with the sea still inside,",
    ),
    _song(
        [
            "春水绿了柳条黄，\n阿姐采茶上山岗，\n茶篮装得三斤半，\n不及心里话儿长。",
            "夏日荷花满池塘，\n阿姐浣纱石板旁，\n纱线洗得白如雪，\n不及月下好时光。",
            "秋风吹得稻子香，\n阿姐挑担过桥梁，\n担子压得肩头红，\n不及离别断人肠。",
        ],
        "哎呀来，哎呀来，\n山歌不唱不开怀，\n磨子不推不转来，\n哥在对岸你莫呆。",
    ),
    _song(
        [
            "Ich ging im Wald bei Morgenlicht,\nDie Vögel waren munter,\nDa sah ich dort ein klein Gesicht\nIm grünen Farne drunter.",
            "Es fragte mich nach Brot und Wein,\nIch gab ihm, was ich hatte,\nEs lud mich in sein Häuschen ein\nAuf eine Blättermatte.",
            "Und als ich wieder draußen stand,\nWar Schnee auf allen Wegen,\nMein Haar war weiß, fremd war das Land,\n"
            "Kein Freund kam mir entgegen.",
        ],
        "Halli, hallo, im tiefen Tann,\nDa wohnt ein wunderlicher Mann,\nDa geht die Zeit verloren.",
    ),
]
PLAY = [
    _replies(
        """Who left the gate open?
I did, and what of it?
The goats are in the barley again.
Then the barley will be milk by evening.
You never think before you speak.
You never speak before you have shouted.
Father will hear of this.
Father is asleep under the plum tree.
Then I shall wake him.
Wake him, and you will fetch the goats yourself.""",
        "ISABELLA.",
        "THE YOUNGER BROTHER.",
    ),
    _replies(
        "No.\nYes.\nWhy not?\nBecause.\nCome here.\nNever.\nPlease.\nWell then.\nGood.\nHush.\nWhat?\nSteps.",
        "OLD MAN",
        "GIRL",
    ),
    _replies(
        """大哥，这雨要下到几时？
下到河水漫过石桥，你我便不用走了。
不走，家里的老母谁来照看？
有嫂嫂在，你只管放心。
放心二字，说来容易。
你看那边，灯笼亮了。
莫非是官府的人？
嘘，低声些，先躲进庙里去。""",
        "张三郎（低声）",
        "李大哥（笑）",
    ),
    _replies(
        """Bonsoir, madame, la lettre est arrivée.
Posez-la sur la table et fermez la porte.
Madame ne veut pas la lire ?
Je sais déjà ce qu'elle contient.
Alors je prépare les valises.
Une seule, Pierre ; nous voyageons sans souvenirs.
Et le chien ?
Le chien reste avec la vérité.""",
        "LE DOMESTIQUE, à part.",
        "LA COMTESSE, sans se retourner.",
    ),
]
STATUTE = [
    "\n".join(
        f"第{number}条\n{what}的，由县级以上人民政府有关部门责令限期改正；\n逾期不改正的，处五千元以上五万元以下罚款。"
        for number, what in zip(
            "一二三四五六七八",
            [
                "未按规定建立档案",
                "擅自改变土地用途",
                "隐瞒检测结果",
                "拒绝现场检查",
                "伪造许可证件",
                "未公示收费标准",
                "超范围经营",
                "延误报告事故",
            ],
            strict=True,
        )
    ),
    "\n".join(
        f"Section {number}.\n(1) A person who {what} commits an offence.\n(2) A person guilty of an offence under this section is"
        " liable on summary conviction to a fine not exceeding level 3 on the standard scale."
        for number, what in enumerate(
            [
                "moors a vessel without leave",
                "removes a buoy",
                "lights a fire on the quay",
                "sells fish before sunrise",
                "hinders the harbour master",
            ],
            1,
        )
    ),
    "\n".join(
        f"§ {number}\n{what}\n(weggefallen)"
        for number, what in enumerate(
            [
                "Zuständigkeit der Deichbehörde",
                "Beiträge der Anlieger",
                "Schau der Gräben",
                "Verbot des Viehtriebs",
                "Pflichten im Hochwasserfall",
                "Ordnungswidrigkeiten",
            ],
            11,
        )
    ),
    "\n".join(
        f"{number}. {what}:\n(a) Repealed.\n(b) Unchanged.\n(c) As amended."
        for number, what in enumerate(
            [
                "Duties of the keeper of the rolls",
                "Election of wardens",
                "Weights and measures",
                "Common pasture",
                "Bridges and fords",
            ],
            1,
        )
    ),
]
QUESTIONS = [
    "\n".join(
        f"{number}. {what}\nA. 正确\nB. 错误\nC. 无法判断\nD. 以上都不对\n答案：{answer}"
        for number, (what, answer) in enumerate(
            [
                ("水在标准大气压下一百度沸腾。", "A"),
                ("月亮自己发光。", "B"),
                ("所有金属都能被磁铁吸引。", "B"),
                ("声音在真空中传播。", "B"),
                ("植物的根吸收水分。", "A"),
            ],
            1,
        )
    ),
    "\n".join(
        f"{number}. {what}\nA.\nTrue\nB.\nFalse\nC.\nCannot be known from the passage\nAnswer: {answer}"
        for number, (what, answer) in enumerate(
            [
                ("The lighthouse was built of granite.", "A"),
                ("The keeper had three sons.", "B"),
                ("Oil was brought once a month.", "C"),
                ("Ships passed at night only.", "B"),
            ],
            1,
        )
    ),
    "\n".join(
        f"{number}. {what}\n□ never\n□ sometimes\n□ often\n□ always"
        for number, what in enumerate(
            [
                "I wake before dawn.",
                "I skip breakfast.",
                "I walk to my work.",
                "I read before I sleep.",
                "I quarrel with neighbours.",
                "I forget names.",
            ],
            1,
        )
    ),
    "\n".join(
        f"（{number}）{what}\nA．①②\nB．②③\nC．①③④\nD．①②③④"
        for number, what in enumerate(
            [
                "下列属于可再生能源的是",
                "下列属于哺乳动物的是",
                "下列诗句描写春天的是",
                "下列城市位于长江沿岸的是",
                "下列化学变化中放热的是",
            ],
            1,
        )
    ),
]
DICTIONARY = [
    "\n".join(
        f"{word}\nnoun, feminine\n{meaning}\nPlural: regular"
        for word, meaning in [
            ("amphora", "a jar with two handles"),
            ("basilica", "a hall with aisles"),
            ("cista", "a chest"),
            ("domina", "mistress of a house"),
            ("fabula", "a tale"),
            ("gemma", "a bud, a jewel"),
            ("hasta", "a spear"),
        ]
    ),
    "\n".join(
        f"{word}\n〔名〕\n{meaning}\n又作：无"
        for word, meaning in [
            ("阿胶", "驴皮熬制的胶块"),
            ("白芷", "多年生草本，根可入药"),
            ("苍术", "菊科植物的根茎"),
            ("丹参", "唇形科植物的根"),
            ("防风", "伞形科植物的根"),
            ("甘草", "豆科植物的根茎"),
            ("黄芪", "豆科植物的根，补气"),
            ("桔梗", "开蓝紫花，根可入药"),
        ]
    ),
    "\n".join(
        f"{word} [s.] see also\n{other}"
        for word, other in [
            ("adze", "axe"),
            ("awl", "bodkin"),
            ("beetle", "mallet"),
            ("billhook", "hatchet"),
            ("brace", "drill"),
            ("burr", "file"),
            ("chisel", "gouge"),
            ("clamp", "vice"),
            ("dibble", "trowel"),
            ("froe", "wedge"),
            ("gimlet", "auger"),
        ]
    ),
    "\n".join(
        f"{word}\nv. tr.\n{meaning}\nConjugated like: finir"
        for word, meaning in [
            ("abolir", "to do away with"),
            ("bâtir", "to build"),
            ("chérir", "to hold dear"),
            ("définir", "to define"),
            ("élargir", "to widen"),
            ("fournir", "to supply"),
        ]
    ),
]
LITURGY = [
    _after(
        "Keeper of the first light,|Mender of the broken oar,|Shepherd of the scattered snow,|Lantern of the narrow stair,|Bread of the empty"
        " table,|Roof of the houseless,|Well in the salt desert,|Star of the late returning,",
        "have mercy upon us.",
    ),
    _after(
        "Sancte Columbane,|Sancta Brigida,|Sancte Kiliane,|Sancta Walburga,|Sancte Bonifati,|Sancta Lioba,|Sancte Emmerame,|Sancta Odilia,",
        "ora pro nobis.",
    ),
    _after(
        "一心顶礼东方世界光明如来|一心顶礼南方世界宝胜如来|一心顶礼西方世界无量如来|一心顶礼北方世界妙声如来|一心顶礼上方世界香积如来|一心顶礼下方世界法幢如来",
        "愿我罪障悉消除，愿我善根常增长。",
    ),
    _after(
        "For the fields that have borne their corn,|For the hands that have gathered it in,|For the oxen that trod the floor,|For the rain that came"
        " in its time,|For the child that was born at the threshing,|For the old who did not see the harvest,",
        "we give thanks, and we remember.",
    ),
]
TABLE = [
    "Tide at the north pier, feet above datum\n"
    + "\n".join(f"{day}\nhigh water\n{4 + day % 3} ft\nlow water\n{day % 2} ft" for day in range(1, 13)),
    "Register of the parish\n"
    + "\n".join(
        f"{name}\nlabourer\nresident\nyes"
        for name in [
            "Thomas Aldous",
            "Mary Aldous",
            "John Bright",
            "Ann Catchpole",
            "Robert Dye",
            "Susan Dye",
            "William Edgar",
            "James Fenn",
            "Hannah Garrod",
        ]
    ),
    "各县收成表\n"
    + "\n".join(
        f"{place}\n小麦\n平收\n大豆\n丰收"
        for place in [
            "永安县",
            "清河县",
            "临江县",
            "安乐县",
            "青山县",
            "白水县",
            "太平县",
            "石门县",
            "长岭县",
            "双桥县",
        ]
    ),
    "Results of the regatta\n"
    + "\n".join(
        f"{boat}\nfinished\ndid not start\nfinished"
        for boat in [
            "Kittiwake",
            "Grey Dawn",
            "Marigold",
            "Second Thoughts",
            "Petrel",
            "Lady Anne",
            "Bosun's Pride",
            "Halcyon",
            "Dunlin",
            "Sea Pink",
        ]
    ),
]
PARALLEL = [
    "老人在河边种了一棵柳树。\nThe old man planted a willow by the river.\n第二年春天，柳树发了芽。\nThe next spring the willow budded.\n"
    "孩子们在树下乘凉。\nThe children sat in its shade.\n老人笑着说，这棵树不是为我种的。\nThe old man smiled and said that the tree was not planted for him.",
    "本合同一式两份，双方各执一份。\nThis contract is made in two copies, one for each party.\n本合同自签字之日起生效。\nThis contract takes effect on the day of"
    " signature.\n争议由双方协商解决。\nDisputes shall be settled by the parties through consultation.\n本合同自签字之日起生效。\nThis contract takes effect on the day of signature.",
    "Article 3\nArtikel 3\nEvery member has one vote.\nJedes Mitglied hat eine Stimme.\nArticle 4\nArtikel 4\nThe board is elected for two years.\n"
    "Der Vorstand wird auf zwei Jahre gewählt.\nArticle 5\nArtikel 5\nNobody may hold two offices.\nNiemand darf zwei Ämter bekleiden.",
    "Warning: keep away from children.\n警告：请远离儿童。\nStore in a dry place.\n请存放在干燥处。\nWarning: keep away from children.\n警告：请远离儿童。\nDo not heat above 40 °C.\n"
    "加热不得超过40摄氏度。\nWarning: keep away from children.\n警告：请远离儿童。\nShake well before use.\n使用前请摇匀。",
]
PHRASES = [
    "你好！ Hello!\n谢谢。 Thank you.\n不客气。 You are welcome.\n多少钱？ How much is it?\n太贵了。 That is too dear.\n我要这个。 I want this one.\n我不要。 I do not want it.\n"
    "厕所在哪里？ Where is the toilet?\n车站在哪里？ Where is the station?\n我听不懂。 I do not understand.",
    "I want a room.\n我要一个房间。\nI want a ticket.\n我要一张票。\nI want a map.\n我要一张地图。\nI want a doctor.\n我要看医生。\nI want water.\n我要水。\nI want rice.\n我要米饭。\nI want tea.\n我要茶。",
    "\n".join(
        f"Où est {what} ?\nWhere is {other}?\nLà-bas, à gauche.\nOver there, on the left."
        for what, other in [
            ("la gare", "the station"),
            ("le marché", "the market"),
            ("l'hôpital", "the hospital"),
            ("le pont", "the bridge"),
            ("la poste", "the post office"),
        ]
    ),
    "\n".join(
        f"Ich bin {one}.\n我是{two}。\nUnd Sie?\n您呢？"
        for one, two in [
            ("Lehrer", "老师"),
            ("Ärztin", "医生"),
            ("Student", "学生"),
            ("Bäcker", "面包师"),
            ("Köchin", "厨师"),
            ("Fahrer", "司机"),
        ]
    ),
]
TRANSLATED = [
    "孤舟系岸柳，\nA lonely boat is tied to the willow,\n夜雨打船篷。\nNight rain beats upon its roof.\n灯下无人语，\nNobody speaks beside the lamp,\n江声入梦中。\nAnd the river's voice enters the dream.",
    "春去也，\nSpring is gone,\n花落谁家。\nIn whose court do the petals fall?\n春去也，\nSpring is gone,\n燕子天涯。\nThe swallows are at the edge of the sky.\n春去也，\nSpring is gone,\n人老窗纱。\n"
    "And behind the window someone grows old.",
    "Rosa sine spina,\nRose without a thorn,\nmaris stella,\nstar of the sea,\nora pro me.\npray for me.\nFons hortorum,\nFountain of gardens,\nporta caeli,\ngate of heaven,\nora pro me.\npray for me.\n"
    "Turris eburnea,\nTower of ivory,\nora pro me.\npray for me.",
    "Die Luft ging durch die Felder,\nThe air passed over the fields,\nnach Haus, nach Haus.\nhomeward, homeward.\nEs rauschten sacht die Wälder,\nThe woods were softly stirring,\nnach Haus, nach Haus.\n"
    "homeward, homeward.\nSo sternklar war die Nacht,\nSo starlit was the night,\nnach Haus, nach Haus.\nhomeward, homeward.",
]
LYRICS = [
    _song(
        [
            "Woke up with the rain in my shoes again\nAnd a dollar in my hand",
            "Called your name through the telephone rain\nTo a disconnected land",
        ],
        "Oh, carry me over the wide river\nCarry me over the foam\nCarry me over the wide river\nCarry me, carry me home",
    ),
    _song(
        ["街灯一盏盏亮起，你的影子越来越远", "咖啡凉了又热，日历翻过一个冬天", "列车开往南方，窗外飘着旧的雪片"],
        "我还在原地等你，等你，等你\n等一场不会来的雨\n我还在原地等你，等你，等你",
    ),
    _song(
        [
            "Summer nights on the boulevard",
            "Radio low and the engine on",
            "Headlights drawing a golden card",
            "Somebody singing the same old song",
        ],
        "We run, we run, we run till the morning\nWe run, we run, we run till the dawn",
    ),
    _song(
        ["雨停了，街上没有一个人", "车站的钟还慢了三分", "你说过的话像一阵风"],
        "啦啦啦，再见吧\n啦啦啦，别回答\n啦啦啦，让眼泪开成花",
    ),
]
DEFINITIONS = [
    "\n".join(
        f"“{word}” means\n{what};"
        for word, what in [
            ("vessel", "anything that floats and can be steered"),
            ("master", "the person who commands a vessel"),
            ("berth", "a place where a vessel may lie"),
            ("dues", "money payable for a berth"),
            ("night", "the time from sunset to sunrise"),
        ]
    ),
    "\n".join(
        f"本法所称\n{word}，\n是指{what}。"
        for word, what in [
            ("经营者", "从事商品生产、经营的自然人、法人"),
            ("消费者", "为生活需要购买商品的人"),
            ("商品", "经过加工、用于销售的产品"),
            ("标识", "表明品质的文字和图案"),
            ("缺陷", "危及人身的不合理危险"),
        ]
    ),
    "\n".join(
        f"Term:\n{word}\nDefinition:\n{what}\nStatus:\nstandardised"
        for word, what in [
            ("shaft", "a part that turns and carries load"),
            ("journal", "the part of a shaft in a bearing"),
            ("collar", "a ring on a shaft"),
            ("spline", "teeth along a shaft"),
            ("key", "a piece that locks a wheel"),
        ]
    ),
    "\n".join(
        f"术语：\n{word}\n定义：\n{what}\n来源：\n国家标准"
        for word, what in [
            ("容重", "单位体积的质量"),
            ("含水率", "水的质量与干料之比"),
            ("孔隙率", "孔隙体积与总体积之比"),
            ("坍落度", "混凝土流动的量度"),
            ("龄期", "浇筑后经过的时间"),
            ("强度", "破坏时的应力"),
        ]
    ),
]
PUBLISHED: Final = {
    "verse": VERSE,
    "play": PLAY,
    "statute": STATUTE,
    "questions": QUESTIONS,
    "dictionary": DICTIONARY,
    "liturgy": LITURGY,
    "table": TABLE,
    "parallel": PARALLEL,
    "phrases": PHRASES,
    "translated": TRANSLATED,
    "lyrics": LYRICS,
    "definitions": DEFINITIONS,
}
_MENU: Final = "Home\nProducts\nNews and events\nContact us today\nLog in to your account\nTerms and conditions"
_OFFER: Final = "Cheap watches, free shipping worldwide, order now!"
SPAM: Final = [
    "\n".join([_OFFER] * 12),
    "\n".join([_MENU] * 5),
    "\n".join(["加微信领取优惠券，全场包邮，先到先得！"] * 10),
    "\n".join(["首页\n产品中心\n新闻动态\n联系我们\n在线留言\n人才招聘"] * 8),
    "\n".join(f"{_OFFER}\n{number}" for number in range(20)),
    "\n".join(
        f"{place}\nFind cheap hotels here. Book your room online today."
        for place in ["Bonn", "Ulm", "Trier", "Essen", "Kiel", "Worms"] * 3
    ),
    "buy now " * 80,
    "\n".join(["Page not found.", "Click here to return to the start page."] * 9),
    "\n\n".join(
        ["The mill stood by the river, and nobody had ground corn in it for years. Owls lived under its roof."] * 5
    ),
    "\n".join(["Read more", "Share this", "Comments (0)", "Posted in general"] * 15),
    "澳门娱乐场 " * 60,
    "\n".join(f"{number}\nLoading, please wait ...\nLoading, please wait ..." for number in range(12)),
]
"""Pages of one line, or a few, over and over."""
