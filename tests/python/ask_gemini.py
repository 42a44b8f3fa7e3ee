"""Asks Gemini through Muster's door with Google's own library. In: {"url", "token", "model", "most"}; out: what came of
each request. `most` requests fill the minute of all keys."""

import asyncio
import json
import sys

from google import genai
from google.genai import errors, types

asked = json.load(sys.stdin)


def client(token=asked["token"], **headers):
    options = types.HttpOptions(base_url=asked["url"], headers=headers)
    return genai.Client(api_key=token, http_options=options)


def failure(ask):
    try:
        ask()
    except errors.APIError as error:
        return {"code": error.code, "status": error.status, "details": error.details}
    return None


def say(client, words):
    return client.models.generate_content(model=asked["model"], contents=words)


def stream(client, words):
    pieces = client.models.generate_content_stream(model=asked["model"], contents=words)
    return [piece.text for piece in pieces]


async def say_later(client, words):
    answer = await client.aio.models.generate_content(model=asked["model"], contents=words)
    return answer.text


named = client(**{"X-Task": "summaries"})
answer = say(named, "Say hello.")
out = {
    "text": answer.text,
    "tokens": answer.usage_metadata.prompt_token_count,
    "pieces": stream(named, "Count to three."),
    "later": asyncio.run(say_later(client(), "Say hello later.")),
    "unknown": failure(lambda: say(client(token="muster_unknown"), "Let me in.")),
}
for _ in range(asked["most"] - 3):
    say(client(), "Fill the minute.")
hasty = client(**{"X-Deadline-Seconds": "1"})
out["late"] = failure(lambda: say(hasty, "Be quick."))
json.dump(out, sys.stdout)
