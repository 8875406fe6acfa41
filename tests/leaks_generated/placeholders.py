"""What stands where a secret would: masks, variables, references, and other values that secret-named fields hold.

Left out, because people disagree on them: "changeme" and other defaults (they are real passwords of many
installations), encrypted values (`ENC(...)`, Vault's `vault:v1:...`), keys of test modes (`sk_test_`), hashes that are
made for passwords (bcrypt), tokens of pages (`next_page_token`), one-time codes, a number in a field named "pass",
UUIDs in fields named as keys.
"""

from leaks_generated.drawing import ALNUM, HEX, HOSTS, WORDS, draw, draw_digits
from leaks_generated.kinds import NAMED, Form, named

SECRETS = (
    "password", "db password", "api key", "client secret", "access token", "secret key", "auth token", "smtp password",
)  # fmt: skip


def one_of(*values):
    """Return a maker that chooses among values."""
    return lambda rng: rng.choice(values)


def secret(*values, places=NAMED):
    """Return the form of values of secret-named fields."""
    return (named(one_of(*values), *SECRETS, places=places),)


def plain(make, *names):
    """Return the form of a field whose name only sounds secret."""
    make = make if callable(make) else one_of(make)
    return Form(make, names, ("key_value", "json", "query", "repr", "environment", "shell"))


def half_masked(rng):
    return rng.choice(
        (
            f"{'*' * 12}{draw(rng, ALNUM, 4)}",
            f"AKIA{'*' * 12}{draw(rng, 'ABCDEFGH', 4)}",
            f"ghp_{'*' * 36}",
            f"{'x' * 12}{draw(rng, HEX, 4)}",
            f"sk-...{draw(rng, ALNUM, 4)}",
        )
    )


def reference(rng):
    word = rng.choice(WORDS)
    return rng.choice(
        (
            f"arn:aws:secretsmanager:eu-west-1:{draw_digits(rng, 12)}:secret:prod/{word}",
            f"projects/acme-prod/secrets/{word}/versions/latest",
            f"op://infra/{word}/password",
            f"secret/data/prod/{word}#password",
            f"vault:secret/data/{word}",
            f"@Microsoft.KeyVault(SecretUri=https://acme.vault.azure.net/secrets/{word})",
        )
    )


def secret_path(rng):
    word = rng.choice(WORDS)
    return rng.choice((f"/run/secrets/{word}_password", f"/etc/{word}/api.token", f"/var/run/secrets/{word}/token"))


def count(rng):
    return str(rng.randint(0, 8192))


def flag(rng):
    return rng.choice(("true", "false", "yes", "no", "on", "off", "enabled", "disabled"))


PLACEHOLDERS = {
    "stars": secret("***", "********", "*****", "**********************"),
    "exes": secret("xxxx", "xxxxxxxx", "XXXXXXXX", "xxxxxxxxxxxxxxxxxxxxxxxx"),
    "dots": secret("...", "........", "••••••••"),
    "hashes as masks": secret("########", "####"),
    "shell variables": secret(
        "${DB_PASSWORD}", "${API_TOKEN}", "$DB_PASSWORD", "${SECRET:-}", "$(cat /run/secrets/db)"
    ),
    "other variables": secret(
        "%DB_PASSWORD%", "${env:API_TOKEN}", "#{password}", "$env:API_TOKEN", "${{ secrets.TOKEN }}"
    ),
    "templates": secret(
        "{{ vault_password }}", "{{secret}}", "{{ .Values.db.password }}", "{password}", "<%= password %>"
    ),
    "format strings": secret("%(password)s", "%s", "{}", "{0}", "%v", "{token}"),
    "redacted": secret("<redacted>", "[REDACTED]", "REDACTED", "[redacted]", "<REDACTED>", "(redacted)"),
    "filtered": secret("[FILTERED]", "[Filtered]", "<filtered>", "[MASKED]", "<masked>", "[hidden]", "<hidden>"),
    "removed": secret("[removed]", "<removed>", "<secret>", "[secure]", "[PROTECTED]", "<omitted>", "[scrubbed]"),
    "nothing": secret("null", "None", "nil", "undefined", "NULL"),
    "empty": secret("", places=("json", "repr", "markup")),
    "unset": secret(
        "<none>", "<not set>", "(not set)", "<unset>", "<empty>", "(empty)", "<nil>", places=("key_value", "repr")
    ),
    "to be filled in": secret(
        "<password>", "<your-token>", "YOUR_API_KEY", "your-api-key-here", "<API_KEY>", "YOUR_TOKEN_HERE"
    ),
    "flags": secret("true", "false", "yes", "no"),
    "half masked": (named(half_masked, *SECRETS),),
    "references": (named(reference, *SECRETS, places=("key_value", "json", "repr", "environment")),),
    "files of secrets": (plain(secret_path, "password file", "token file", "secret path", "db password file"),),
    "code as value": secret(
        "os.environ['DB_PASSWORD']",
        "process.env.API_TOKEN",
        "get_password()",
        "self.password",
        "config.get('token')",
        "settings.SECRET_KEY",
        places=("code",),
    ),
    "numbers of tokens": (plain(count, "max tokens", "tokens", "total tokens", "prompt tokens", "token count"),),
    "kinds of tokens": (plain(one_of("bearer", "Bearer", "refresh", "access", "jwt"), "token type", "token use"),),
    "lives of tokens": (plain(count, "token ttl", "token expires in", "password age days", "session timeout"),),
    "states of passwords": (
        plain(
            flag, "password reset", "password expired", "password changed", "has password", "token valid", "use token"
        ),
    ),
    "rules of passwords": (
        plain(one_of("strong", "medium", "strict"), "password policy", "password strength"),
        plain(count, "password length", "min password length"),
    ),
    "names of secrets": (
        plain(lambda rng: f"prod/{rng.choice(WORDS)}", "secret name", "secret id", "key name"),
        plain(count, "secret version", "key version", "api key id", "token id", "key id"),
    ),
    "keys of databases": (
        plain(
            one_of("id", "user_id", "name", "created_at"),
            "primary key",
            "sort key",
            "foreign key",
            "partition key",
            "key",
        ),
    ),
    "keys of caches": (
        plain(lambda rng: f"user:{rng.randint(1, 9999)}", "key", "cache key", "redis key"),
        plain(lambda rng: f"{rng.choice(WORDS)}.created", "routing key", "message key"),
    ),
    "ways to sign in": (
        plain(
            one_of("password", "publickey", "basic", "oauth2", "token"), "auth method", "auth type", "authentication"
        ),
        plain(one_of("password", "refresh_token", "client_credentials", "authorization_code"), "grant type"),
    ),
    "working directories": (
        plain(lambda rng: f"/home/{rng.choice(('app', 'deploy'))}/{rng.choice(WORDS)}", "pwd", "oldpwd", "cwd"),
    ),
    "passes": (plain(count, "passed", "passes", "pass count"), plain(flag, "bypass", "passthrough")),
    "sounds alike": (
        plain(one_of("us", "de"), "keyboard", "keymap"),
        plain(one_of("orders", "metrics"), "keyspace", "keywords"),
        plain(one_of("cl100k_base", "whitespace"), "tokenizer", "tokenization"),
        plain(one_of("Jane", "Lee"), "author", "secretary"),
        plain(one_of("prod", "north"), "compass", "passenger class"),
    ),
    "where to sign in": (
        plain(lambda rng: f"https://{rng.choice(HOSTS)}/oauth/token", "token url", "token uri", "authorization url"),
    ),
    "where keys are": (
        plain(
            one_of("/etc/ssl/private/server.key", "/home/app/.ssh/id_ed25519", "keys/prod.pem"),
            "private key path",
            "key file",
        ),
        plain(one_of("environment", "instance-profile", "vault"), "credential source", "secret provider"),
    ),
    "kinds of keys": (
        plain(one_of("rsa-2048", "ed25519", "AES-256-GCM", "ecdsa-sha2-nistp256"), "key type", "key algorithm"),
    ),
}
"""Forms of each sort, by its name."""
