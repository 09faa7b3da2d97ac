"""Credentials that are none: every form in which people write one, each around a canary that no record may hold."""

from __future__ import annotations

CANARY = "Cana7yQ"
"""Not a word, with a digit, in one case each."""

FORMS = (
    "https://example.org/a?token={0}",
    "https://example.org/a?x=1&sig={0}&y=2",
    "https://bucket.example.org/a?X-Amz-Credential={0}&X-Amz-Signature={0}",
    "https://example.org/a#access_token={0}",
    "postgres://user:{0}@db.example.org/texts",
    "postgres://user:a/{0}@db.example.org/texts",
    "postgres://user:p@ss/{0}@db.example.org:5432/texts",
    "https://{0}@example.org/a",
    "redis://:{0}@localhost:6379/0",
    "Authorization: Bearer {0}{0}",
    "Bearer {0}",
    "Authorization: Basic {0}",
    "Cookie: session={0}; theme=dark",
    "DefaultEndpointsProtocol=https;AccountName=a;AccountKey={0}==;EndpointSuffix=core",
    "Endpoint=sb://a/;SharedAccessKeyName=b;SharedAccessKey={0}",
    "Server=db;Uid=user;Pwd={0};",
    "password: {0}",
    '{{"password": "two words {0}"}}',
    "AWS_SECRET_ACCESS_KEY={0}",
    "--params=source.token={0}",
    "x-api-key: {0}",
    "unknown, allowed because api_key={0} was given",
    "unknown, allowed because our key {0}{0}{0} was given",
    "MIT, with key sk-{0}{0}{0}",
    "hf_{0}{0}{0}",
    "ghp_{0}{0}{0}",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n{0}\n-----END RSA PRIVATE KEY-----",
    "git+https://oauth2:{0}@git.example.org/a.git",
)

BENIGN = (
    "https://example.org/a@b",
    "https://example.org:8443/a@b",
    "http://localhost:8000/@user/x",
    "https://en.example.org/wiki/Talk:Main_Page",
    "https://example.org/?page=2&sort=asc&q=tokens",
    "https://arxiv.org/abs/2401.00001v2",
    "http://127.0.0.1:8000/v1",
    "s3://bucket/books/**/*.jsonl.zst",
    "sqlite:////srv/data/mlflow.db",
    "git@example.org:x/y.git",
    "who@example.org",
    "num_tokens=4096",
    "max_new_tokens=8",
    "eos_token=<|endoftext|>",
    "tokenizer=gpt2 sequence_length=4096",
    "Qwen/Qwen2.5-7B",
    "the token is a word, and so are the key, the secret garden and the password",
    "a bearer of good news has basic information",
    "Cookie recipes: flour and sugar",
    "sort(key=len)",
    "da39a3ee5e6b4b0d3255bfef95601890afd80709",
    "xxh3_128: 0123456789abcdef0123456789abcdef",
    "/data/09_releases/0001-3f2a9c1b/model",
    "unknown, allowed because it is in the public domain",
    "Apache-2.0 AND MIT",
    "Question: {text} Is it useful? Answer:",
    "mix.weights sum to 1.2; they are shares of the token budget",
)


def secret(form: str) -> str:
    """Return the form with its canary."""
    return form.format(CANARY)
