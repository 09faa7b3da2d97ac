"""`clean.scorer.ask:` in conf: labels that a language model behind an endpoint gives."""

from __future__ import annotations

from pydantic import Field, field_validator

from cpt_pipeline.core.params import Params
from cpt_pipeline.corpus.llm.params import EndpointParams
from cpt_pipeline.text.language_tags import LanguageCode

MAX_MARK = 5
_ENGLISH = """\
Below is an extract from a text. Judge how much a language model can learn from it. Add up points:
- 1 point if it gives some information on a subject, even beside parts that say nothing, such as adverts or menus.
- 1 more if it is about that subject throughout and can be followed, though it may be shallow or badly put.
- 1 more if it is coherent and well written, and its facts or arguments are worth knowing.
- 1 more if it explains its subject clearly and in depth, as a good textbook, encyclopedia or report does.
- 1 more if it is outstanding: precise, complete for what it sets out to say, and free of anything beside the point.

Text:
{text}

Give reasons in at most 80 words. Then end with the total in this form:
Score: <0 to 5>"""
_CHINESE = """\
下面是一段文本的节选。请判断语言模型能从中学到多少，按下列标准累计加分：
- 提供了某个主题的一些信息，即使夹杂广告、导航等无关内容：加1分。
- 全文围绕该主题，读者能够跟上，但可能较为浅显或表达欠佳：再加1分。
- 行文连贯、规范，其中的事实或论证值得了解：再加1分。
- 像优秀的教科书、百科全书或报告那样，把主题讲得清楚而深入：再加1分。
- 十分出色：准确、完整，没有任何多余的内容：再加1分。

文本：
{text}

请用不超过100字说明理由，最后按以下格式给出总分：
评分：<0到5>"""


class AskParams(Params):
    """Which documents a language model is shown, and what it is told to do with them."""

    endpoint: EndpointParams | None = None
    """The model; none asks nothing."""
    num_documents: int = Field(2000, ge=1)
    """Drawn by a hash of their ids from the prose that no rule excludes."""
    max_characters: int = Field(4000, ge=1)
    """Of a document the first ones are shown, and learnt from."""
    prompts: dict[LanguageCode, str] = Field({"en": _ENGLISH, "zh": _CHINESE})
    """By language of the document; `en` is for all others. With `{text}` in it; the last number from 0 to 5 after
    `Score:` or `评分：` counts."""
    max_failed_share: float = Field(0.1, ge=0, le=1)
    """Of the answers, those that did not come or give no mark; more stop the run."""

    @field_validator("prompts")
    @classmethod
    def _hold_the_text(cls, prompts: dict[str, str]) -> dict[str, str]:
        if "en" not in prompts or any(prompt.count("{text}") != 1 for prompt in prompts.values()):
            raise ValueError("there must be a prompt en, and {text} once in each prompt, where the text belongs")
        return prompts
