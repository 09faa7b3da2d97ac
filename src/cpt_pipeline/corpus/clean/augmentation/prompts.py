"""The prompts, by language; conf may say others. They ask for the style, and for nothing that the text does not say.

The style of an encyclopedia or textbook is that of WRAP (Maini et al., 2024), the pairs of questions and answers are
those of Nemotron-CC (Su et al., 2024).
"""

from __future__ import annotations

REWRITE = {
    "en": """\
Rewrite the text below as a passage of an encyclopedia or a textbook, in clear and precise English. Keep every fact, \
number, name and technical term. Add nothing that the text does not say. Write prose, without a heading and without \
any words of your own before or after it.

Text:
{text}""",
    "zh": """\
请把下面的文字改写成百科全书或教科书风格的中文，表述清楚、准确。保留所有事实、数字、名称和专业术语，不要添加原文没有的内容。\
只写正文，不要标题，也不要任何开场白或结束语。

原文：
{text}""",
}

QUESTIONS = {
    "en": """\
Read the text below as an expert of its field. Write {num_questions} questions with their answers. Each question is \
about something that only this text says, and names it by its technical term; it can be understood without the text. \
Each answer follows from the text alone. Keep to this form and write nothing else:

Question: ...
Answer: ...

Text:
{text}""",
    "zh": """\
请以该领域专家的身份阅读下面的文字，写出{num_questions}个问题和答案。每个问题都针对原文特有的内容，使用其中的专业术语，\
并且不看原文也能理解；每个答案只依据原文。严格使用以下格式，不要写其他内容：

问题：……
答案：……

原文：
{text}""",
}
