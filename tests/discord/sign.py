"""Signs requests as Discord does, with PyNaCl. In: {"seed", "requests": [{"timestamp", "body"}]}; out: {"key",
"signatures"}."""

import json
import sys

from nacl.signing import SigningKey

asked = json.load(sys.stdin)
key = SigningKey(bytes.fromhex(asked["seed"]))
signatures = [
    key.sign((request["timestamp"] + request["body"]).encode()).signature.hex()
    for request in asked["requests"]
]
json.dump({"key": key.verify_key.encode().hex(), "signatures": signatures}, sys.stdout)
