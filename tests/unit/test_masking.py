"""What counts as a secret, what does not, and that masking costs nothing worth mentioning.

The tables are the specification. Every key below is made up.
"""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inlay.store.masking import MASK, looks_secret, mask_text, mask_value

LETTERS = "abcDEF123ghiJKL456mnoPQR789stuVWX012yz"

SECRET_NAMES = """
password passwd db_password PASSWORD userPassword password2 password_value secret client_secret
SECRET_KEY clientSecret my_secrets api_key apiKey API-KEY apikey X-Api-Key OPENAI_API_KEY openai_key
aws_secret_access_key access_key private_key privateKey ssh_key token hf_token HF_TOKEN authToken
access_token access_tokens refresh_token TOKEN_V2 github_token credential credentials
GOOGLE_APPLICATION_CREDENTIALS Authorization auth_header cookie db_pass connection_string passphrase
""".split()  # noqa: SIM905
OPEN_NAMES = """
tokenizer tokenizer_name n_tokens max_tokens max_new_tokens tokens token_count token_ids token_type
num_token pad_token eos_token mask_token next_token token_length vocab_tokens author authors key keys
sort_key primary_key public_key keyboard monkey passes n_passes forward_pass_count forward_pass compass bypass
password_length secret_name token_url credentials_path keyword_args secretary lr model hash
""".split()  # noqa: SIM905


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_name_of_a_secret(name):
    assert looks_secret(name)


@pytest.mark.parametrize("name", OPEN_NAMES)
def test_name_of_anything_else(name):
    assert not looks_secret(name)


FORMS = [
    "AKIAIOSFODNN7EXAMPLE",
    "ASIAIOSFODNN7EXAMPLE",
    f"sk-{LETTERS}",
    f"sk-proj-{LETTERS}",
    "sk-abcdefghijklmnopqrstuvwx",
    "sk-ant-api03-short_one",
    "sk-lf-12345678-1234-1234-1234-123456789abc",
    "sk_live_4eC39HqLyjWDarjtT1zdp7dc",
    "rk_test_4eC39HqLyjWDarjtT1zdp7dc",
    "whsec_4eC39HqLyjWDarjtT1zdp7dc",
    "ghp_" + LETTERS[:36],
    "gho_" + LETTERS[:36],
    "github_pat_11ABCDEFG0_" + LETTERS,
    "glpat-abcDEF123ghiJKL456mn",
    "hf_" + "abcdefghijKLMNOPQRSTuvwxyzABCDEFGH",
    "xoxb-1234567890-abcdefghij",
    "xoxp-1234567890-abcdefghij",
    "AIza" + LETTERS[:35],
    "ya29." + LETTERS,
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    "npm_" + LETTERS[:36],
    "pypi-AgEIcHlwaS5vcmcCJDQ1",
    "SG.abcDEF123ghiJKL456.mnoPQR789stuVWX012yz",
    "gsk_" + LETTERS,
    "dapi" + "0123456789abcdef" * 2,
    "hvs.CAESIJ" + LETTERS,
]


@pytest.mark.parametrize("secret", FORMS)
@pytest.mark.parametrize("around", ["{}", "x = '{}'", "Using {} now", "a={},b", "{}\nnext"])
def test_known_form(secret, around):
    assert mask_text(around.format(secret)) == around.format(MASK)


MASKED = [
    ('password = "x"', f'password = "{MASK}"'),
    ("api_key: 'x'", f"api_key: '{MASK}'"),
    ('password: str = "x"', f'password: str = "{MASK}"'),
    ('token: Optional[str] = "x"', f'token: Optional[str] = "{MASK}"'),
    ('private_key = b"abc"', f'private_key = b"{MASK}"'),
    ("secret = r'a\\'b'", f"secret = r'{MASK}'"),
    ('f(password="abc", n=3)', f'f(password="{MASK}", n=3)'),
    ("dict(secret='a\\'b', c='d')", f"dict(secret='{MASK}', c='d')"),
    ('if password == "hunter2":', f'if password == "{MASK}":'),
    ('{"api_key": "x", "b": "c"}', f'{{"api_key": "{MASK}", "b": "c"}}'),
    ("{'Authorization': 'abc'}", f"{{'Authorization': '{MASK}'}}"),
    ('"{\\"password\\": \\"x\\"}"', f'"{{\\"password\\": \\"{MASK}\\"}}"'),
    ('\'{"password": "x"}\'', f'\'{{"password": "{MASK}"}}\''),
    ('os.environ["X_TOKEN"] = "abc"', f'os.environ["X_TOKEN"] = "{MASK}"'),
    ('setdefault("OPENAI_API_KEY", "abc")', f'setdefault("OPENAI_API_KEY", "{MASK}")'),
    ("OPENAI_API_KEY=abc", f"OPENAI_API_KEY={MASK}"),
    ("export AWS_SECRET_ACCESS_KEY=wJa/Xtn", f"export AWS_SECRET_ACCESS_KEY={MASK}"),
    ("%env X_TOKEN=abc", f"%env X_TOKEN={MASK}"),
    ("%%track -p api_key=abc --tag a=b", f"%%track -p api_key={MASK} --tag a=b"),
    ("!tool --password hunter2 --n 3", f"!tool --password {MASK} --n 3"),
    ("!tool --api-key=hunter2 --n 3", f"!tool --api-key={MASK} --n 3"),
    ("https://x.y/z?api_key=abc&n=1", f"https://x.y/z?api_key={MASK}&n=1"),
    ("AccountName=a;AccountKey=abc123+/==;", f"AccountName=a;AccountKey={MASK};"),
    ("password: hunter2", f"password: {MASK}"),
    ("password = 123456", f"password = {MASK}"),
    ("Authorization: Bearer abcDEF12345", f"Authorization: Bearer {MASK}"),
    ("curl -H 'Authorization: Basic dXNlcjpwYXNz'", f"curl -H 'Authorization: Basic {MASK}'"),
    ("-H 'Cookie: session=abc; other=def'", f"-H 'Cookie: {MASK}'"),
    ("postgres://me:p%40w@host/db", f"postgres://me:{MASK}@host/db"),
    ("redis://:hunter2@host:6379/0", f"redis://:{MASK}@host:6379/0"),
    ("pip install git+https://u:tok@h/r", f"pip install git+https://u:{MASK}@h/r"),
    (
        "https://hooks.slack.com/services/T0000/B0000/abcdef",
        f"https://hooks.slack.com/services/{MASK}",
    ),
    ("https://ghp_abc123@host/x", f"https://{MASK}@host/x"),
    ("git clone https://0123456789abcdefABCDEF@host/x", f"git clone https://{MASK}@host/x"),
    ("-H 'Authorization: Token abcdef'", f"-H 'Authorization: Token {MASK}'"),
    ("password=(\n  'x'\n)", f"password=(\n  '{MASK}'\n)"),
    ("f(api_key=('x' 'y'), n='z')", f"f(api_key=('{MASK}' '{MASK}'), n='z')"),
    ("token = 'a' 'b'", f"token = '{MASK}' '{MASK}'"),
    ("token = 'a' \\\n  'b'\nx = 'c'", f"token = '{MASK}' \\\n  '{MASK}'\nx = 'c'"),
    ("token = 'a' + 'x'", f"token = '{MASK}' + '{MASK}'"),
    ("token = start + 'x'", f"token = start + '{MASK}'"),
    ("token, user = 'x', 'u'", f"token, user = '{MASK}', 'u'"),
    ("(user, pw) = ('u', 'x')", f"(user, pw) = ('u', '{MASK}')"),
    ("user, pw = 'u', *['x', 'y']", f"user, pw = '{MASK}', *['{MASK}', '{MASK}']"),
    ("os.environ.get('PASSWORD','x')", f"os.environ.get('PASSWORD','{MASK}')"),
    ("os.environ.get('PASSWORD',\n 'x')", f"os.environ.get('PASSWORD',\n '{MASK}')"),
    ("pw = getenv('PASSWORD', default='x')", f"pw = getenv('PASSWORD', default='{MASK}')"),
    *((f"{name} = 'x'", f"{name} = '{MASK}'") for name in ("pw", "passwd", "pwd", "pass_", "PASS")),
    ("password = 'naïve İstanbul'", f"password = '{MASK}'"),
]


@pytest.mark.parametrize(("text", "expected"), MASKED)
def test_masked(text, expected):
    assert mask_text(text) == expected
    assert mask_text(expected) == expected


UNTOUCHED = [
    'tokenizer="bert"',
    "max_tokens=100",
    'pad_token="<pad>"',
    'token_type="bearer"',
    'sort_key="name"',
    'if token == "(":',
    "for token in tokens: x = 'a'",
    'getpass("Password: "); y = "abc"',
    'password = input("Enter password: ")',
    'print("password=" + pw + "...")',
    "def f(password, token=None): pass",
    "def login(user: str, password: str) -> None:",
    "api_key=config.key",
    "api_key = get_key()",
    'api_key=os.environ["OPENAI_API_KEY"]',
    "client = Client(api_key=api_key)",
    'headers = {"Authorization": f"Bearer {token}"}',
    "!curl --password $PASSWORD http://x",
    "assert secret is not None",
    'password = ""',
    'the password is "known"',
    "commit 1b4f0e9851971998e732078544c96b36c3d01cedf7caa332359d6f1d83567014",
    "run 0190f5fe-7c3a-7b1e-9c8e-0123456789ab",
    '<div class="sk-estimator-doc-link sk-toggleable__label-arrow" id="sk-container-id-1">',
    "Basic characterisation of bearer characteristics",
    "http://localhost:8888/lab?n=1",
    "ratio = a://b:c",
    "{'user': name, 'tokens': 3}",
    "token, user = load('x'), 'u'",
    "x, y = 'a', 'b'",
    "for token, word in [('a', 'b')]: pass",
    "pw = get('name')",
    "passes = 3",
    "https://me@host/path",
]


PRINTED = [
    ("password=hunter", f"password={MASK}"),
    ("login failed, password: hunter (3)", f"login failed, password: {MASK} (3)"),
    ("pw=hunter", f"pw={MASK}"),
    ("Login(password=hunter)", f"Login(password={MASK})"),
    ("password=$ecret(1;", f"password={MASK};"),
    ("Authorization: Token abcdef", f"Authorization: Token {MASK}"),
    ("Authorization: Bearer abcdefgh", f"Authorization: Bearer {MASK}"),
    ("KeyError: 'password'", "KeyError: 'password'"),
    ("max_tokens: many, pass: 12, token: 5", "max_tokens: many, pass: 12, token: 5"),
    ("password: None", "password: None"),
    ("loss=0.5 tokenizer=bert", "loss=0.5 tokenizer=bert"),
]


@pytest.mark.parametrize(("text", "expected"), PRINTED)
def test_printed(text, expected):
    """`print(f"password={password}")` was taken for a keyword argument and kept."""
    assert mask_text(text, code=False) == expected
    assert mask_text(expected, code=False) == expected


@pytest.mark.parametrize("text", UNTOUCHED)
def test_untouched(text):
    assert mask_text(text) == text


def test_lines_keep_their_numbers():
    source = 'a = 1\nprivate_key = """first\nsecond\n\nthird"""\nb = 2\n'
    masked = mask_text(source)
    assert masked == f'a = 1\nprivate_key = """{MASK}\n{MASK}\n\n{MASK}"""\nb = 2\n'


def test_key_block():
    block = "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\nIBAAK-CAQ\n-----END RSA PRIVATE KEY-----"
    expected = f"-----BEGIN RSA PRIVATE KEY-----\n{MASK}\n{MASK}\n-----END RSA PRIVATE KEY-----"
    assert mask_text(f"k = '''{block}'''\nx = 1") == f"k = '''{expected}'''\nx = 1"


def test_key_block_that_was_cut_off():
    assert "MIIEow" not in mask_text("-----BEGIN PRIVATE KEY-----\nMIIEow\nIBAAK")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("password", "x", MASK),
        ("password", 1234, MASK),
        ("password", None, None),
        ("password", "", ""),
        ("token", 17, 17),
        ("token", "x", MASK),
        ("use_auth_token", True, True),
        ("lr", 0.1, 0.1),
        ("note", "key is sk-ant-api03-abcdefghij", f"key is {MASK}"),
        ("config", {"lr": 1, "api_key": "x"}, {"lr": 1, "api_key": MASK}),
        ("credentials", {"user": "me", "port": [1, "a"]}, {"user": MASK, "port": [MASK, MASK]}),
        ("urls", ["http://a:b@c"], [f"http://a:{MASK}@c"]),
        ("model", {"max_tokens": 5, "tokenizer": "bert"}, {"max_tokens": 5, "tokenizer": "bert"}),
    ],
)
def test_value(name, value, expected):
    assert mask_value(name, value) == expected


def test_the_value_given_stays_as_it_was():
    value = {"api_key": "x", "list": ["ghp_" + LETTERS[:36]]}
    mask_value("config", value)
    assert value == {"api_key": "x", "list": ["ghp_" + LETTERS[:36]]}


@given(st.text(st.sampled_from("pasword=:'\"\\ \n,key token[](){}/@-f.1"), max_size=200))
def test_any_text_keeps_its_line_count(text):
    assert mask_text(text).count("\n") == text.count("\n")


@pytest.mark.parametrize(
    "text",
    [
        "A" * 65536,
        "password" * 8192,
        'password="' * 6553,
        'password="\\' * 6000,
        'token = """ ' * 5461,
        "eyJaaaaaaaaa.aaaaaaaaa" * 3000,
        "-----BEGIN PRIVATE KEY-----\n" * 2400,
        "-----BEGIN PRIVATE KEY-----" + "-" * 65000,
        "://a:" * 13000,
        "key " * 16000,
        "api_key: " + "a " * 30000,
        "Bearer " * 9000,
        "1234567890" * 6553,
        "https://" + "a" * 65000,
        "token = 'a' + " * 5000,
        "token = (" * 8000,
        "token, " * 9000,
        "token, a = " * 6000,
        "token, a = '" + "\\" * 60000,
        "token, a = ''\n" * 5000,
        "pw=" * 20000,
    ],
    ids=lambda text: text[:12],
)
def test_no_text_takes_long(text):
    """Patterns that backtrack turn one odd cell into a frozen kernel."""

    def seconds(sample):
        started = time.process_time()
        mask_text(sample)
        mask_text(sample, code=False)
        return time.process_time() - started

    seconds(text)
    assert min(seconds(text) for _ in range(3)) < 0.5
