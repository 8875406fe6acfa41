"""Secrets that what stands around them tells: passwords, headers, cookies, connection strings, keys without a form."""

import base64
import json

from leaks_generated.drawing import (
    ALNUM,
    HEX,
    HOSTS,
    LOWER_ALNUM,
    UPPER_HEX,
    URL_SAFE,
    USERS,
    WORDS,
    draw,
    draw_base64,
    draw_between,
    draw_digits,
    draw_url_safe,
    encode_url_safe,
)
from leaks_generated.kinds import Form, Whole, named, told
from leaks_generated.surroundings import in_url
from leaks_generated.vendors import URLS

STEMS = ("Sommer", "dragon", "Liverpool", "monkey", "Kaffee", "tiger", "Winter", "sunny", "Maus", "falcon", "rosebud")
HEADERS = ("raw_header", "raw_header", "json", "repr")
COMPACT = ("key_value", "json", "environment", "bare")


def password(rng):
    """A password as people and programs choose them; it has no mark that ends a value where nothing quotes it."""
    kind = rng.random()
    if kind < 0.35:
        return rng.choice(STEMS) + rng.choice(("", "-", "_", "!", "#", ".")) + draw_digits(rng, rng.choice((2, 4)))
    if kind < 0.45:
        return "".join(rng.sample(STEMS, 2)).lower()
    if kind < 0.55:
        return rng.choice(STEMS).replace("o", "0").replace("e", "3") + rng.choice("!@#$%") + draw_digits(rng, 3)
    if kind < 0.8:
        return draw_between(rng, ALNUM, 10, 24)
    return draw(rng, ALNUM, 1) + draw_between(rng, ALNUM + "!@#$%^*-_+~", 10, 18) + draw(rng, ALNUM, 2)


def plain_password(rng):
    """A password that stands in a URL or in a list of pairs as it is."""
    return draw(rng, ALNUM, 1) + draw_between(rng, ALNUM + "-_.!", 6, 18) + draw(rng, ALNUM, 2)


def passphrase(rng):
    return " ".join(rng.sample(STEMS, 4)).lower()


def random_key(rng):
    """A key or token without a form of its own."""
    return rng.choice(
        (
            draw(rng, HEX, rng.choice((32, 40, 64))),
            draw_base64(rng, rng.choice((24, 32, 48))),
            draw_between(rng, ALNUM, 24, 48),
            draw_url_safe(rng, rng.randint(28, 64)),
        )
    )


def other_vendor(rng):
    """Tokens of vendors that no kind of their own is asked for."""
    return rng.choice(
        (
            f"xai-{draw(rng, ALNUM, 80)}",
            f"sk-or-v1-{draw(rng, HEX, 64)}",
            f"r8_{draw(rng, ALNUM, 37)}",
            f"pplx-{draw(rng, ALNUM, 48)}",
            f"sbp_{draw(rng, HEX, 40)}",
            f"squ_{draw(rng, HEX, 40)}",
            f"tskey-auth-{draw(rng, ALNUM, 12)}CNTRL-{draw(rng, ALNUM, 32)}",
        )
    )


def curl_user(rng):
    return Whole(f"curl -u {rng.choice(USERS)}:", plain_password(rng), f" https://{rng.choice(HOSTS)}/v1")


def aws_secret_key(rng):
    return draw(rng, ALNUM, 12) + rng.choice("/+") + draw(rng, ALNUM + "/+", 26) + draw(rng, ALNUM, 1)


def azure_client_secret(rng):
    return f"{draw(rng, ALNUM, 3)}{rng.choice('78')}Q~{draw(rng, URL_SAFE + '.~', 33)}{draw(rng, ALNUM, 1)}"


def azure_account(rng):
    before = f"DefaultEndpointsProtocol=https;AccountName={rng.choice(WORDS)}prod;AccountKey="
    return Whole(before, draw_base64(rng, 64), ";EndpointSuffix=core.windows.net")


def azure_sas(rng):
    address = f"https://{rng.choice(WORDS)}prod.blob.core.windows.net/backups/{rng.choice(WORDS)}.zip"
    times = "st=2026-03-01T08:00:00Z&se=2026-04-01T08:00:00Z".replace(":", "%3A")
    query = f"sv=2022-11-02&{times}&sr=b&sp={rng.choice(('r', 'rw', 'racwd'))}&spr=https"
    return Whole(f"{address}?{query}&sig=", in_url(draw_base64(rng, 32)))


def jwt(rng):
    head = {"alg": rng.choice(("HS256", "RS256", "ES256")), "typ": "JWT"}
    if rng.random() < 0.5:
        head["kid"] = draw(rng, HEX, 8)
    claims = {"sub": draw_digits(rng, 8), "name": rng.choice(USERS), "iat": 1770000000 + rng.randrange(10**7)}
    parts = (json.dumps(part, separators=(",", ":")).encode() for part in (head, claims))
    size = {"HS256": 32, "RS256": 256, "ES256": 64}[head["alg"]]
    return ".".join(encode_url_safe(part) for part in (*parts, rng.randbytes(size)))


def private_key(rng):
    """PEM (RFC 7468) and OpenSSH: 64 characters to a line, behind what such keys begin with."""
    label, opening, size = rng.choice(
        (
            ("EC ", "MHcCAQEEI", 121),
            ("RSA ", "MIIEpAIBAAKCAQEA", 1190),
            ("", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ", 1216),
            ("", "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg", 138),
            ("OPENSSH ", "b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW", 288),
        )
    )
    text = opening + draw_base64(rng, size)[len(opening) :]
    body = "\n".join(text[i : i + 64] for i in range(0, len(text), 64))
    return Whole(f"-----BEGIN {label}PRIVATE KEY-----\n", body, f"\n-----END {label}PRIVATE KEY-----")


def basic(rng):
    return Whole("Basic ", base64.b64encode(f"{rng.choice(USERS)}:{password(rng)}".encode()).decode())


def bearer(rng):
    token = rng.choice((draw(rng, HEX, 40), draw_url_safe(rng, rng.randint(24, 64)), draw_between(rng, ALNUM, 30, 60)))
    return Whole(rng.choice(("Bearer ", "Bearer ", "bearer ", "Token ")), token)


def bearer_jwt(rng):
    return Whole("Bearer ", jwt(rng))


def web_url(rng):
    scheme, port = rng.choice((("https", ""), ("http", ":8080"), ("ftp", ""), ("sftp", ":22"), ("ldaps", ":636")))
    after = f"@{rng.choice(HOSTS)}{port}/{rng.choice(WORDS)}"
    return Whole(f"{scheme}://{rng.choice(USERS)}:", in_url(password(rng)), after)


def git_url(rng):
    user = rng.choice(("oauth2", "x-token-auth", "ci-runner"))
    return Whole(f"https://{user}:", draw_url_safe(rng, rng.randint(20, 40)), "@git.acme.io/team/app.git")


def smtp_url(rng):
    return Whole(f"smtp://{rng.choice(WORDS)}:", plain_password(rng), f"@{rng.choice(HOSTS)}:587")


def database_url(rng):
    scheme, port = rng.choice((
        ("postgres", ":5432"), ("postgresql", ":5432"), ("mysql", ":3306"), ("mongodb+srv", ""), ("mongodb", ":27017"),
        ("amqp", ":5672"), ("amqps", ":5671"), ("mysql+pymysql", ":3306"), ("postgresql+psycopg2", ""),
    ))  # fmt: skip
    after = f"@{rng.choice(HOSTS)}{port}/{rng.choice(WORDS)}"
    return Whole(f"{scheme}://{rng.choice(USERS)}:", in_url(password(rng)), after)


def redis_url(rng):
    return Whole(f"{rng.choice(('redis', 'rediss'))}://:", plain_password(rng), f"@{rng.choice(HOSTS)}:6379/0")


def ado(rng):
    before = f"Server=tcp:{rng.choice(HOSTS)},1433;Database={rng.choice(WORDS)};User Id={rng.choice(USERS)};"
    return Whole(before + rng.choice(("Password=", "Pwd=")), plain_password(rng), ";Encrypt=True;")


def odbc(rng):
    before = f"Driver={{ODBC Driver 18 for SQL Server}};Server={rng.choice(HOSTS)};Uid={rng.choice(USERS)};Pwd="
    return Whole(before, plain_password(rng), ";TrustServerCertificate=yes")


def jdbc(rng):
    host, user, word = rng.choice(HOSTS), rng.choice(USERS), rng.choice(WORDS)
    before, after = rng.choice(
        (
            (f"jdbc:postgresql://{host}:5432/{word}?user={user}&password=", "&ssl=true"),
            (f"jdbc:mysql://{host}:3306/{word}?user={user}&password=", ""),
            (f"jdbc:sqlserver://{host}:1433;databaseName={word};user={user};password=", ";encrypt=true"),
        )
    )
    return Whole(before, plain_password(rng), after)


def libpq(rng):
    before = f"host={rng.choice(HOSTS)} port=5432 dbname={rng.choice(WORDS)} user={rng.choice(USERS)} password="
    return Whole(before, plain_password(rng), " sslmode=require")


def service_bus(rng):
    before = f"Endpoint=sb://{rng.choice(WORDS)}.servicebus.windows.net/;SharedAccessKeyName=RootManageSharedAccessKey;"
    return Whole(before + "SharedAccessKey=", draw_base64(rng, 32))


def cookie(rng):
    """One cookie that holds a session, with others that do not."""
    name, value = _session(rng)
    before = rng.choice(("", "", "theme=dark; ", "lang=en; "))
    return Whole(f"{before}{name}=", value, rng.choice(("", "; theme=dark", "; consent=yes")))


def set_cookie(rng):
    name, value = _session(rng)
    return Whole(
        f"{name}=", value, rng.choice(("; Path=/; HttpOnly", "; path=/; secure; SameSite=Lax", "; Max-Age=3600"))
    )


def java_session(rng):
    return draw(rng, UPPER_HEX, 32)


def php_session(rng):
    return draw(rng, LOWER_ALNUM, 26)


def _session(rng):
    return rng.choice(
        (
            ("JSESSIONID", java_session(rng)),
            ("PHPSESSID", php_session(rng)),
            ("connect.sid", f"s%3A{draw_url_safe(rng, 32)}.{in_url(draw_base64(rng, 32))}"),
            ("ASP.NET_SessionId", draw(rng, LOWER_ALNUM, 24)),
            (".AspNetCore.Session", f"CfDJ8{draw_url_safe(rng, 120)}"),
            ("sessionid", draw(rng, LOWER_ALNUM, 32)),
            ("laravel_session", in_url(draw_base64(rng, 120))),
            ("_session_id", draw(rng, HEX, 32)),
            ("session", f"{encode_url_safe(rng.randbytes(30))}.{draw_url_safe(rng, 6)}.{draw_url_safe(rng, 27)}"),
        )
    )


PASSWORD_NAMES = (
    "password", "passwd", "pwd", "db password", "user password", "admin password", "smtp password", "redis password",
    "ldap bind password", "keystore password", "mysql root password", "new password", "spring.datasource.password",
)  # fmt: skip
KEY_NAMES = (
    "secret", "api key", "apikey", "secret key", "client secret", "access token", "refresh token", "auth token",
    "encryption key", "signing key", "webhook secret", "jwt secret", "app secret", "session secret",
    "django secret key",
)  # fmt: skip

CREDENTIALS = {
    "password": (
        named(password, *PASSWORD_NAMES),
        named(password, *PASSWORD_NAMES),
        named(random_key, *KEY_NAMES),
        named(random_key, *KEY_NAMES),
        named(passphrase, "passphrase", "key passphrase", places=("json", "repr", "markup")),
        named(other_vendor, "xai api key", "openrouter api key", "auth token", "supabase access token", "sonar token"),
        Form(random_key, ("X-Api-Key", "X-Auth-Token", "apikey"), ("raw_header",), accepts=("authorization",)),
        Form(curl_user, (), ("command",), accepts=("url-credentials", "authorization")),
    ),
    "aws-secret-key": (
        named(aws_secret_key, "aws secret access key", "aws secret access key", "secret access key", "aws secret key"),
        named(aws_secret_key, "SecretAccessKey", places=("json", "key_value", "markup")),
    ),
    "azure-storage-key": (
        told(azure_account, "azure storage connection string", "storage connection", places=COMPACT),
        named(
            lambda rng: draw_base64(rng, 64), "azure storage key", "storage account key", "azure storage account key"
        ),
    ),
    "azure-client-secret": (named(azure_client_secret, "azure client secret", "client secret", "arm client secret"),),
    "azure-sas": (told(azure_sas, "sas url", "blob url", places=URLS, accepts=("url-credentials",)),),
    "jwt": (told(jwt, "token", "id token", "access token", "jwt", bearer=True),),
    "private-key": (
        told(private_key, "private key", "ssh private key", "tls key", places=("quoted", "json", "bare", "key_value")),
    ),
    "authorization": (
        Form(basic, ("Authorization", "authorization", "Proxy-Authorization"), HEADERS),
        Form(bearer, ("Authorization", "authorization"), HEADERS),
        Form(bearer_jwt, ("Authorization", "authorization"), HEADERS, accepts=("jwt",)),
    ),
    "url-credentials": (
        told(web_url, "proxy url", "base url", "upstream", places=(*URLS, "query"), accepts=("password",)),
        told(git_url, "repository", "remote", places=URLS, accepts=("password",)),
        told(smtp_url, "smtp url", "mail url", places=URLS, accepts=("password", "connection-string")),
    ),
    "connection-string": (
        told(database_url, "database url", "db url", "dsn", places=COMPACT, accepts=("url-credentials", "password")),
        told(redis_url, "redis url", "cache url", places=COMPACT, accepts=("url-credentials", "password")),
        told(ado, "connection string", "db connection", places=COMPACT, accepts=("password",)),
        told(odbc, "connection string", "odbc dsn", places=COMPACT, accepts=("password",)),
        told(jdbc, "jdbc url", "datasource url", places=COMPACT, accepts=("password", "url-credentials")),
        told(libpq, "conninfo", places=("bare", "json"), accepts=("password",)),
        told(service_bus, "service bus connection", places=COMPACT, accepts=("password",)),
    ),
    "session-cookie": (
        Form(cookie, ("Cookie", "cookie"), HEADERS),
        Form(set_cookie, ("Set-Cookie", "set-cookie"), HEADERS),
        Form(java_session, ("JSESSIONID",), ("key_value", "query", "json")),
        Form(php_session, ("PHPSESSID",), ("key_value", "query", "json")),
    ),
}
"""Forms of each kind, by its name."""
