"""Profiles of providers that do not speak OpenID Connect, as claims: a table of where each claim stands in theirs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from vestibule.config.document import dig
from vestibule.config.json_shapes import is_list, is_object
from vestibule.domain.json import Json

Reader = Callable[[Json], Json]
"""From the profile, with the further documents under their names, to claims."""


def _fields(**paths: str) -> Reader:
    """Claim name to the path of its value; numbers become text."""

    def read(profile: Json) -> Json:
        found = {claim: dig(profile, *_path(path)) for claim, path in paths.items()}
        return {claim: _plain(value) for claim, value in found.items() if value is not None}

    return read


def _path(path: str) -> tuple[str | int, ...]:
    return tuple(int(part) if part.isdigit() else part for part in path.split("."))


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _github(profile: Json) -> Json:
    """The address is the primary one of the list, else its last, and verified as that says."""
    read = _fields(
        sub="id", name="name", nickname="login", website="blog", picture="avatar_url", profile="html_url",
        updated_at="updated_at",
    )  # fmt: skip
    mails: Any = profile.get("emails")
    listed: list[Json] = [each for each in mails if is_object(each)] if is_list(mails) else []
    mail = next((each for each in listed if each.get("primary")), listed[-1] if listed else dict[str, Any]())
    return read(profile) | {"email": mail.get("email"), "email_verified": mail.get("verified") is True}


def _discord(profile: Json) -> Json:
    read = _fields(
        sub="id", nickname="username", preferred_username="username", email="email", locale="locale",
        email_verified="verified",
    )  # fmt: skip
    user, avatar = profile.get("id"), profile.get("avatar")
    ending = "gif" if str(avatar).startswith("a_") else "png"
    number = profile.get("discriminator")
    name = f"{profile.get('username')}#{number}" if number not in (None, "", "0") else profile.get("username")
    picture = f"https://cdn.discordapp.com/avatars/{user}/{avatar}.{ending}" if avatar else ""
    return read(profile) | {"name": name, "picture": picture}


def _slack(profile: Json) -> Json:
    read = _fields(
        sub="user.id", name="user.name", nickname="user.name", preferred_username="user.name",
        picture="user.image_512", email="user.email", team="team.id",
    )  # fmt: skip
    said = read(profile)
    return said | {"email_verified": bool(said.get("email"))}


def _facebook(profile: Json) -> Json:
    read = _fields(
        sub="id", name="name", given_name="first_name", family_name="last_name", last_name="last_name",
        middle_name="middle_name", nickname="name", preferred_username="name", picture="picture.data.url",
        email="email", gender="gender", birthdate="birthday",
    )  # fmt: skip
    said = read(profile)
    return said | {"email_verified": bool(said.get("email"))}


def _vk(profile: Json) -> Json:
    """The address comes with the access token."""
    person: Json = dig(profile, "response", 0, default={})
    read = _fields(
        sub="id", given_name="first_name", family_name="last_name", nickname="nickname", picture="photo_200",
        birthdate="bdate",
    )  # fmt: skip
    return read(person) | {
        "gender": {1: "female", 2: "male"}.get(person.get("sex", 0), ""),
        "email": dig(profile, "token", "email"),
    }


def _yandex(profile: Json) -> Json:
    read = _fields(
        sub="id", given_name="first_name", family_name="last_name", name="real_name", nickname="login",
        preferred_username="login", email="default_email", gender="sex", birthdate="birthday",
        phone_number="default_phone.number",
    )  # fmt: skip
    avatar = "" if profile.get("is_avatar_empty") else profile.get("default_avatar_id")
    picture = f"https://avatars.yandex.net/get-yapic/{avatar}/islands-200" if avatar else ""
    return read(profile) | {"picture": picture}


def _linkedin(profile: Json) -> Json:
    read = _fields(
        sub="id", given_name="localizedFirstName", last_name="localizedLastName", family_name="localizedLastName",
        email="address.elements.0.handle~.emailAddress",
    )  # fmt: skip
    said = read(profile)
    name = " ".join(filter(None, (said.get("given_name"), said.get("last_name"))))
    pictures: Any = dig(profile, "profilePicture", "displayImage~", "elements", default=[])
    largest = dig(pictures, len(pictures) - 1, "identifiers", 0, "identifier") if pictures else ""
    return said | {"name": name, "picture": largest}


READERS: Mapping[str, Reader] = {
    "standard": dict,
    "github": _github,
    "discord": _discord,
    "slack": _slack,
    "spotify": _fields(
        sub="id", name="display_name", nickname="display_name", email="email", picture="images.0.url",
        profile="external_urls.spotify", birthdate="birthdate",
    ),
    "facebook": _facebook,
    "vk": _vk,
    "yandex": _yandex,
    "patreon": _fields(
        sub="data.id", name="data.attributes.full_name", nickname="data.attributes.full_name",
        given_name="data.attributes.first_name", family_name="data.attributes.last_name",
        last_name="data.attributes.last_name", profile="data.attributes.url", picture="data.attributes.image_url",
        email="data.attributes.email",
    ),
    "lark": _fields(
        sub="open_id", name="name", nickname="name", picture="avatar_url", email="email", phone_number="mobile",
    ),
    "dingtalk": _fields(
        sub="openId", name="nick", nickname="nick", picture="avatarUrl", email="email", phone_number="mobile",
    ),
    "linkedin": _linkedin,
    "x": _fields(
        sub="id_str", name="name", nickname="screen_name", preferred_username="screen_name", website="url",
        picture="profile_image_url_https", email="email",
    ),
    "amazon": _fields(sub="user_id", name="name", email="email", zoneinfo="postal_code"),
    "uaepass": _fields(
        sub="sub", name="fullnameEN", given_name="firstnameEN", family_name="lastnameEN", last_name="lastnameEN",
        email="email", gender="gender", phone_number="mobile", acr="acr",
    ),
}  # fmt: skip
