"""standardwebhooks' own verification of a message: its secret, headers and body."""

from lines import answer_all
from standardwebhooks import Webhook, WebhookVerificationError


def answer(question):
    try:
        verified = Webhook(question["secret"]).verify(question["body"], question["headers"])
    except WebhookVerificationError as error:
        return {"verified": False, "why": str(error)}
    return {"verified": True, "type": verified["type"]}


answer_all(answer)
