"""The password of a database: processes that this one starts get it in their environment, and nothing else holds it.

A worker's task and the list of processes show the address without its password. The environment variable is named
after that address, so that several databases can be open at once.
"""

import hashlib
import os

from sqlalchemy import URL, make_url

from regbench.addresses import is_secret


def known(url: URL) -> URL:
    """The address with the password that the process above gave; one that has a password leaves it for others."""
    if url.password is None and not _options(url):
        kept = os.environ.get(_name(url))
        return make_url(kept) if kept else url
    os.environ[_name(url)] = url.render_as_string(hide_password=False)
    return url


def public(url: URL) -> str:
    """The address without the password."""
    return _bare(url).render_as_string(hide_password=False)


def _bare(url: URL) -> URL:
    without = url.difference_update_query(_options(url))
    return URL.create(
        without.drivername,
        username=without.username,
        host=without.host,
        port=without.port,
        database=without.database,
        query=without.query,
    )


def _options(url: URL) -> list[str]:
    return [option for option in url.query if is_secret(option)]


def _name(url: URL) -> str:
    return f"REGBENCH_DB_ADDRESS_{hashlib.sha256(public(url).encode()).hexdigest()[:16].upper()}"
