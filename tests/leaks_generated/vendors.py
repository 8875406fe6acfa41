"""Keys and tokens of vendors that tell by themselves what they are, by the forms that the vendors document."""

import base64
import json
import zlib

from leaks_generated.drawing import (
    ALNUM,
    BASE32,
    DIGITS,
    HEX,
    LETTERS,
    LOWER_ALNUM,
    UPPER_ALNUM,
    UPPER_HEX,
    URL_SAFE,
    draw,
    draw_base64,
    draw_between,
    draw_digits,
    draw_url_safe,
)
from leaks_generated.kinds import Whole, named, told

BASE62 = DIGITS + LETTERS.swapcase()
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
URLS = ("sentence", "quoted", "key_value", "json", "environment", "bare")


def prefixed(prefix, alphabet, count, most=None):
    """Return a maker of values with a prefix and so many characters of an alphabet."""
    if alphabet == URL_SAFE and most is None:
        return lambda rng: prefix + draw_url_safe(rng, count)
    return lambda rng: prefix + draw_between(rng, alphabet, count, most or count)


def checked(prefix, count=30):
    """Return a maker of tokens that end with six characters of a CRC-32 in base 62, as those of GitHub and npm do."""

    def make(rng):
        body = draw(rng, ALNUM, count)
        return prefix + body + base62(zlib.crc32(body.encode())).rjust(6, "0")

    return make


def base62(number):
    """Return a number in base 62."""
    digits = ""
    while number:
        number, digit = divmod(number, 62)
        digits = BASE62[digit] + digits
    return digits


def aws_access_key(rng):
    return rng.choice(("AKIA", "AKIA", "ASIA")) + draw(rng, BASE32, 16)


def google_token(rng):
    return "ya29." + rng.choice(("a0", "c.b0")) + draw_url_safe(rng, rng.randint(120, 200))


def github_fine_grained(rng):
    return f"github_pat_11{draw(rng, UPPER_ALNUM, 20)}_{draw(rng, ALNUM, 59)}"


def gitlab_routable(rng):
    version = rng.choice((".", ".01."))
    return f"glpat-{draw_url_safe(rng, rng.randint(27, 60))}{version}{draw(rng, LOWER_ALNUM, 9)}"


def gitlab_other(rng):
    """Tokens of feeds, mail, SCIM, feature flags, clusters and applications."""
    prefix, count = rng.choice((
        ("glft-", 20), ("glimt-", 25), ("glsoat-", 20), ("glffct-", 20), ("glagent-", 50), ("gloas-", 64),
    ))  # fmt: skip
    return prefix + draw_url_safe(rng, count)


def gitlab_job(rng):
    return f"glcbt-{draw(rng, HEX, 2)}_{draw_url_safe(rng, 20)}"


def atlassian(rng):
    return f"ATATT3xFfGF0{draw_url_safe(rng, 171)}={draw(rng, UPPER_HEX, 8)}"


def slack_bot(rng):
    return f"xoxb-{draw_digits(rng, 12)}-{draw_digits(rng, 13)}-{draw(rng, ALNUM, 24)}"


def slack_user(rng):
    return f"xoxp-{draw_digits(rng, 12)}-{draw_digits(rng, 12)}-{draw_digits(rng, 13)}-{draw(rng, HEX, 32)}"


def slack_app(rng):
    return f"xapp-1-A0{draw(rng, UPPER_ALNUM, 9)}-{draw_digits(rng, 13)}-{draw(rng, HEX, 64)}"


def slack_rotated(rng):
    """Tokens that are rotated, and the ones to refresh them with."""
    return rng.choice((f"xoxe.xoxp-1-{draw(rng, ALNUM, 166)}", f"xoxe-1-{draw(rng, ALNUM, 147)}"))


def slack_webhook(rng):
    team, channel = (draw(rng, UPPER_ALNUM, rng.choice((8, 10))) for _ in "tc")
    return Whole(f"https://hooks.slack.com/services/T{team}/B{channel}/", draw(rng, ALNUM, 24))


def discord_webhook(rng):
    host = rng.choice(("discord.com", "discordapp.com"))
    return Whole(f"https://{host}/api/webhooks/{draw_digits(rng, rng.choice((18, 19)))}/", draw_url_safe(rng, 68))


def telegram(rng):
    return f"{draw_digits(rng, rng.choice((9, 10)))}:AA{draw_url_safe(rng, 33)}"


def telegram_url(rng):
    return Whole("https://api.telegram.org/bot", telegram(rng), rng.choice(("/sendMessage", "/getUpdates")))


def stripe(rng):
    return rng.choice(("sk_live_", "rk_live_")) + draw(rng, ALNUM, rng.choice((24, 99)))


def sendgrid(rng):
    return f"SG.{draw_url_safe(rng, 22)}.{draw_url_safe(rng, 43)}"


def mailchimp(rng):
    return f"{draw(rng, HEX, 32)}-us{rng.randint(1, 21)}"


def mailgun(rng):
    return f"{draw(rng, HEX, 32)}-{draw(rng, HEX, 8)}-{draw(rng, HEX, 8)}"


def pypi(rng):
    return f"pypi-AgEIcHlwaS5vcmc{draw_url_safe(rng, rng.randint(140, 180))}"


def openai(rng):
    if rng.random() < 0.2:
        return f"sk-{draw(rng, ALNUM, 20)}T3BlbkFJ{draw(rng, ALNUM, 20)}"
    prefix, count = rng.choice((("sk-proj-", 74), ("sk-svcacct-", 74), ("sk-proj-", 58), ("sk-admin-", 58)))
    return f"{prefix}{draw_url_safe(rng, count)}T3BlbkFJ{draw_url_safe(rng, count)}"


def anthropic(rng):
    return f"{rng.choice(('sk-ant-api03-', 'sk-ant-api03-', 'sk-ant-admin01-'))}{draw_url_safe(rng, 93)}AA"


def terraform(rng):
    return f"{draw(rng, ALNUM, 14)}.atlasv1.{draw_url_safe(rng, 67)}"


def grafana_account(rng):
    return f"glsa_{draw(rng, ALNUM, 32)}_{draw(rng, HEX, 8)}"


def grafana_cloud(rng):
    content = {"o": draw_digits(rng, 6), "n": "stack-write", "k": draw(rng, ALNUM, 24), "m": {"r": "prod-eu-west-2"}}
    return "glc_" + base64.b64encode(json.dumps(content, separators=(",", ":")).encode()).decode()


def new_relic(rng):
    return rng.choice(
        (
            f"NRAK-{draw(rng, UPPER_ALNUM, 27)}",
            f"{draw(rng, HEX, 32)}FFFFNRAL",
            f"eu01xx{draw(rng, HEX, 30)}NRAL",
        )
    )


def sentry(rng):
    if rng.random() < 0.5:
        return f"sntryu_{draw(rng, HEX, 64)}"
    content = {
        "iat": 1770000000 + rng.randrange(10**6) + 0.5,
        "url": "https://sentry.io",
        "org": rng.choice("abcd") * 4,
    }
    text = base64.b64encode(json.dumps(content, separators=(",", ":")).encode()).decode()
    return f"sntrys_{text}_{draw_base64(rng, 32).rstrip('=')}"


def notion(rng):
    return f"ntn_{draw(rng, DIGITS, 11)}{draw(rng, ALNUM, 35)}"


def postman(rng):
    return f"PMAK-{draw(rng, HEX, 24)}-{draw(rng, HEX, 34)}"


def doppler(rng):
    types = ("pt", "st", "st.prod", "st.dev_eu", "ct", "sa", "scim", "audit")
    return f"dp.{rng.choice(types)}.{draw_between(rng, ALNUM, 40, 44)}"


def dynatrace(rng):
    return f"dt0c01.{draw(rng, BASE32, 24)}.{draw(rng, BASE32, 64)}"


def age(rng):
    """An identity of age: 32 bytes in Bech32 (BIP 173)."""
    prefix = "age-secret-key-"
    bits = "".join(f"{byte:08b}" for byte in rng.randbytes(32)) + "0000"
    data = [int(bits[i : i + 5], 2) for i in range(0, len(bits), 5)]
    expanded = [*(ord(c) >> 5 for c in prefix), 0, *(ord(c) & 31 for c in prefix)]
    check = _bech32_sum([*expanded, *data, 0, 0, 0, 0, 0, 0]) ^ 1
    data += [check >> 5 * (5 - i) & 31 for i in range(6)]
    return f"{prefix}1{''.join(BECH32[five] for five in data)}".upper()


def _bech32_sum(values):
    total = 1
    for value in values:
        top = total >> 25
        total = (total & 0x1FFFFFF) << 5 ^ value
        for i, factor in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            total ^= factor if top >> i & 1 else 0
    return total


VENDORS = {
    "aws-access-key": (told(aws_access_key, "aws access key id", "access key id", "AWSAccessKeyId"),),
    "gcp-api-key": (told(prefixed("AIza", URL_SAFE, 35), "google api key", "key", "maps api key"),),
    "google-oauth-token": (told(google_token, "access token", "google access token", bearer=True),),
    "google-oauth-secret": (told(prefixed("GOCSPX-", URL_SAFE, 28), "client secret", "google client secret"),),
    "digitalocean-token": (
        told(prefixed("dop_v1_", HEX, 64), "digitalocean token", "do token", bearer=True),
        told(prefixed("doo_v1_", HEX, 64), "digitalocean access token", bearer=True),
    ),
    "alibaba-access-key": (told(prefixed("LTAI5t", ALNUM, 18), "alibaba cloud access key id", "access key id"),),
    "github-token": (
        told(checked("ghp_"), "github token", "gh token", bearer=True),
        told(checked("ghs_"), "github token", "installation token", bearer=True),
        told(checked("gho_"), "github oauth token", "access token", bearer=True),
        told(checked("ghu_"), "github user token", bearer=True),
        told(prefixed("ghr_", ALNUM, 76), "github refresh token", "refresh token"),
        told(github_fine_grained, "github pat", "github token", bearer=True),
    ),
    "gitlab-token": (
        told(prefixed("glpat-", URL_SAFE, 20), "gitlab token", "private token", bearer=True),
        told(gitlab_routable, "gitlab token", "private token", bearer=True),
        told(prefixed("gldt-", URL_SAFE, 20), "deploy token", "ci deploy password"),
        told(prefixed("glrt-", URL_SAFE, 20), "runner token"),
        told(prefixed("glptt-", HEX, 40), "trigger token"),
        told(gitlab_job, "ci job token", "job token"),
        told(gitlab_other, "gitlab token"),
    ),
    "atlassian-token": (told(atlassian, "jira api token", "atlassian api token"),),
    "slack-token": (
        told(slack_bot, "slack token", "slack bot token", "token", bearer=True),
        told(slack_user, "slack user token", "token", bearer=True),
        told(slack_app, "slack app token", bearer=True),
        told(slack_rotated, "slack access token", "slack refresh token", bearer=True),
    ),
    "slack-webhook": (told(slack_webhook, "slack webhook url", "webhook url", places=URLS),),
    "discord-webhook": (told(discord_webhook, "discord webhook", "webhook url", places=URLS),),
    "telegram-bot-token": (
        told(telegram, "telegram bot token", "bot token"),
        told(telegram_url, "telegram url", places=("sentence", "quoted", "bare"), accepts=("url-credentials",)),
    ),
    "stripe-key": (told(stripe, "stripe secret key", "stripe api key", bearer=True),),
    "square-token": (
        told(prefixed("EAAA", URL_SAFE, 60), "square access token", bearer=True),
        told(prefixed("sq0csp-", URL_SAFE, 43), "square application secret"),
        told(prefixed("sq0atp-", URL_SAFE, 22), "square access token", bearer=True),
    ),
    "shopify-token": (
        told(prefixed("shpat_", HEX, 32), "shopify access token", "access token"),
        told(prefixed("shpss_", HEX, 32), "shopify shared secret"),
        told(prefixed("shpca_", HEX, 32), "shopify access token"),
        told(prefixed("shppa_", HEX, 32), "shopify password"),
    ),
    "twilio-key": (
        told(prefixed("SK", HEX, 32), "twilio api key", "api key"),
        named(prefixed("", HEX, 32), "twilio auth token", accepts=("password",)),
    ),
    "sendgrid-key": (told(sendgrid, "sendgrid api key", "smtp password", bearer=True),),
    "mailgun-key": (
        told(prefixed("key-", HEX, 32), "mailgun api key", "mailgun key"),
        named(mailgun, "mailgun api key", "mailgun private api key"),
    ),
    "mailchimp-key": (told(mailchimp, "mailchimp api key", "apikey"),),
    "npm-token": (told(checked("npm_"), "npm token", "node auth token", bearer=True),),
    "pypi-token": (told(pypi, "pypi token", "twine password"),),
    "rubygems-key": (told(prefixed("rubygems_", HEX, 48), "rubygems api key", "gem host api key"),),
    "docker-token": (
        told(prefixed("dckr_pat_", URL_SAFE, 27), "docker token", "dockerhub token", "registry password"),
        told(prefixed("dckr_oat_", URL_SAFE, 32), "docker token"),
    ),
    "nuget-key": (told(prefixed("oy2", LOWER_ALNUM, 43), "nuget api key", "api key"),),
    "openai-key": (told(openai, "openai api key", "api key", bearer=True),),
    "anthropic-key": (told(anthropic, "anthropic api key", "api key", bearer=True),),
    "huggingface-token": (told(prefixed("hf_", LETTERS, 34), "hf token", "huggingface token", bearer=True),),
    "groq-key": (told(prefixed("gsk_", ALNUM, 52), "groq api key", "api key", bearer=True),),
    "vault-token": (
        told(prefixed("hvs.", URL_SAFE, 90), "vault token", bearer=True),
        told(prefixed("hvs.CAES", URL_SAFE, 91), "vault token", "client token", bearer=True),
        told(prefixed("hvb.", URL_SAFE, 152), "vault token"),
        named(prefixed("s.", ALNUM, 24), "vault token"),
    ),
    "terraform-token": (told(terraform, "tfe token", "terraform token", bearer=True),),
    "grafana-token": (
        told(grafana_account, "grafana token", "grafana api key", bearer=True),
        told(grafana_cloud, "grafana cloud token", bearer=True),
    ),
    "new-relic-key": (told(new_relic, "new relic license key", "new relic api key", "api key"),),
    "sentry-token": (told(sentry, "sentry auth token", bearer=True),),
    "databricks-token": (told(prefixed("dapi", HEX, 32), "databricks token", bearer=True),),
    "linear-key": (told(prefixed("lin_api_", ALNUM, 40), "linear api key"),),
    "notion-token": (
        told(notion, "notion token", "notion api key", bearer=True),
        told(prefixed("secret_", ALNUM, 43), "notion token", bearer=True),
    ),
    "postman-key": (told(postman, "postman api key", "api key"),),
    "planetscale-token": (
        told(prefixed("pscale_tkn_", URL_SAFE, 43), "planetscale service token"),
        told(prefixed("pscale_pw_", URL_SAFE, 43), "database password"),
    ),
    "doppler-token": (told(doppler, "doppler token", bearer=True),),
    "pulumi-token": (told(prefixed("pul-", HEX, 40), "pulumi access token"),),
    "dynatrace-token": (told(dynatrace, "dynatrace api token", "dt api token"),),
    "age-key": (told(age, "age secret key", "sops age key"),),
}
"""Forms of each kind, by its name."""
