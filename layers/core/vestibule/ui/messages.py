"""Every message that a form can carry: the number is the contract (contract 04 §1), the sentence is ours.

`messages.REQUIRED(property="email")` makes a `Message`; the context keys of a row are the names in braces plus those
listed behind the sentence.
"""

from __future__ import annotations

from vestibule.domain.message import MessageType
from vestibule.ui.message_row import Row, error, info, success

# --- 101: signing in ------------------------------------------------------------------------------------

LOGIN = info(1010001, "Sign in")
LOGIN_WITH = info(1010002, "Sign in with {provider}", "provider_id")
LOGIN_RE_AUTH = info(1010003, "Please confirm that it is you by signing in once more.")
LOGIN_MFA = info(1010004, "Please confirm your sign-in with your second factor.")
LOGIN_VERIFY = info(1010005, "Confirm")
LOGIN_TOTP_LABEL = info(1010006, "Code from your authenticator app")
LOGIN_LOOKUP_LABEL = info(1010007, "Backup code")
LOGIN_WEBAUTHN = info(1010008, "Sign in with a security key")
LOGIN_TOTP = info(1010009, "Use the authenticator app")
LOGIN_LOOKUP = info(1010010, "Use a backup code")
LOGIN_CONTINUE_WEBAUTHN = info(1010011, "Continue with your security key")
LOGIN_WEBAUTHN_PASSWORDLESS = info(1010012, "Have your device or security key at hand, then continue.")
LOGIN_CONTINUE = info(1010013, "Continue")
LOGIN_CODE_SENT = info(
    1010014, "If there is an account under this address, a code is on its way. Please enter it here."
)
LOGIN_CODE = info(1010015, "Send me a sign-in code")
LOGIN_LINK = info(
    1010016,
    "An account under {duplicate_identifier} exists already. Sign in to it once, and it will be linked to {provider}.",
    *("new_login_url", "available_credential_types", "available_providers"),
    duplicateIdentifier="duplicate_identifier",
    newLoginUrl="new_login_url",
)
LOGIN_AND_LINK = info(1010017, "Sign in and link")
LOGIN_WITH_AND_LINK = info(1010018, "Sign in with {provider} and link")
LOGIN_CODE_MFA = info(1010019, "Send me a code as second factor")
LOGIN_PASSKEY = info(1010021, "Sign in with a passkey")
LOGIN_PASSWORD = info(1010022, "Sign in with password")
LOGIN_AAL2_CODE_ADDRESS = info(1010023, "Send the code to {address}", "channel")
LOGIN_DEVICE_AUTHN = info(1010024, "Sign in with this device")
LOGIN_CODE_SENT_FOR_AUTHENTICATED_USER = info(1010025, "We sent a code to your address. Please enter it here.")

# --- 104: signing up ------------------------------------------------------------------------------------

REGISTRATION = info(1040001, "Sign up")
REGISTRATION_WITH = info(1040002, "Sign up with {provider}", "provider_id")
REGISTRATION_CONTINUE = info(1040003, "Continue")
REGISTRATION_REGISTER_WEBAUTHN = info(1040004, "Sign up with a security key")
REGISTRATION_EMAIL_WITH_CODE_SENT = info(1040005, "We sent a code to the address you gave. Please enter it here.")
REGISTRATION_REGISTER_CODE = info(1040006, "Send me a sign-up code")
REGISTRATION_REGISTER_PASSKEY = info(1040007, "Sign up with a passkey")
REGISTRATION_BACK = info(1040008, "Back")
REGISTRATION_CHOOSE_CREDENTIALS = info(1040009, "Please choose how you want to sign in.")

# --- 105: settings --------------------------------------------------------------------------------------

SETTINGS_UPDATE_SUCCESS = success(1050001, "Your changes are saved.")
SETTINGS_UPDATE_LINK_OIDC = info(1050002, "Link {provider}")
SETTINGS_UPDATE_UNLINK_OIDC = info(1050003, "Unlink {provider}")
SETTINGS_UPDATE_UNLINK_TOTP = info(1050004, "Remove the authenticator app")
SETTINGS_TOTP_QR_CODE = info(1050005, "Scan this with your authenticator app")
SETTINGS_TOTP_SECRET = info(1050006, "{secret}")
SETTINGS_REVEAL_LOOKUP = info(1050007, "Show backup codes")
SETTINGS_REGENERATE_LOOKUP = info(1050008, "Make new backup codes")
SETTINGS_LOOKUP_SECRET = info(1050009, "{secret}")
SETTINGS_LOOKUP_SECRET_LABEL = info(1050010, "Your backup codes. Each works once; keep them in a safe place.")
SETTINGS_LOOKUP_CONFIRM = info(1050011, "I have stored the codes")
SETTINGS_REGISTER_WEBAUTHN = info(1050012, "Add a security key")
SETTINGS_REGISTER_WEBAUTHN_DISPLAY_NAME = info(1050013, "Name of the security key")
SETTINGS_LOOKUP_SECRET_USED = info(1050014, "Used on {used_at}")
SETTINGS_LOOKUP_SECRET_LIST = info(1050015, "Your backup codes", "secrets")
SETTINGS_DISABLE_LOOKUP = info(1050016, "Turn backup codes off")
SETTINGS_TOTP_SECRET_LABEL = info(1050017, "Type this into your authenticator app if you cannot scan the image")
SETTINGS_REMOVE_WEBAUTHN = info(1050018, "Remove the security key “{display_name}”", "added_at")
SETTINGS_REGISTER_PASSKEY = info(1050019, "Add a passkey")
SETTINGS_REMOVE_PASSKEY = info(1050020, "Remove the passkey “{display_name}”", "added_at")
SETTINGS_MANAGED_BY_ORGANIZATION = info(1050023, "This account is managed by your organization.")

# --- 106: recovery --------------------------------------------------------------------------------------

RECOVERY_SUCCESSFUL = success(
    1060001,
    "You are back in your account. Please set a new password, or another way to sign in, before"
    " {privileged_session_expires_at}.",
    privilegedSessionExpiresAt="privileged_session_expires_at",
)
RECOVERY_EMAIL_SENT = info(1060002, "If there is an account under this address, a mail with a link is on its way.")
RECOVERY_EMAIL_WITH_CODE_SENT = info(1060003, "If there is an account under this address, a code is on its way.")
RECOVERY_MESSAGE_MASKED_WITH_CODE_SENT = info(1060004, "A code is on its way to {masked_address} if we know it.")
RECOVERY_ASK_FOR_FULL_ADDRESS = info(1060005, "Please enter the whole address, so that we know it is yours.")
RECOVERY_ASK_TO_CHOOSE_ADDRESS = info(1060006, "Where shall we send the code?")
RECOVERY_BACK = info(1060007, "Back")

# --- 107: labels ----------------------------------------------------------------------------------------

LABEL = Row(1070000, MessageType.INFO, "{text}", frozenset(), {}, frozenset({"text"}))
LABEL_INPUT_PASSWORD = info(1070001, "Password")
LABEL_GENERATED = info(1070002, "{title}", "name")
LABEL_SAVE = info(1070003, "Save")
LABEL_ID = info(1070004, "ID")
LABEL_SUBMIT = info(1070005, "Submit")
LABEL_VERIFY_OTP = info(1070006, "Code from the app")
LABEL_EMAIL = info(1070007, "E-mail")
LABEL_RESEND_OTP = info(1070008, "Send a new code")
LABEL_CONTINUE = info(1070009, "Continue")
LABEL_RECOVERY_CODE = info(1070010, "Recovery code")
LABEL_VERIFICATION_CODE = info(1070011, "Verification code")
LABEL_REGISTRATION_CODE = info(1070012, "Sign-up code")
LABEL_LOGIN_CODE = info(1070013, "Sign-in code")
LABEL_LOGIN_AND_LINK_CREDENTIAL = info(1070014, "Sign in and link")
LABEL_CAPTCHA = info(1070015, "Please show that you are human.")
LABEL_RECOVERY_ADDRESS = info(1070016, "E-mail or phone number")
LABEL_PHONE_NUMBER = info(1070017, "Phone number")
LABEL_EMAIL_OR_PHONE = info(1070018, "E-mail or phone number")

# --- 108: verification ----------------------------------------------------------------------------------

VERIFICATION_EMAIL_SENT = info(1080001, "If we know this address, a mail with a link is on its way.")
VERIFICATION_SUCCESSFUL = success(1080002, "Thank you, your address is verified.")
VERIFICATION_EMAIL_WITH_CODE_SENT = info(1080003, "If we know this address, a code is on its way.")
VERIFICATION_PHONE_WITH_CODE_SENT = info(1080004, "If we know this number, a code is on its way.")
VERIFICATION_PHONE_SUCCESSFUL = success(1080005, "Thank you, your phone number is verified.")

# --- 400: what is wrong with a field --------------------------------------------------------------------

GENERIC = error(4000001, "{reason}")
REQUIRED = error(4000002, "“{property}” is missing.")
MIN_LENGTH = error(4000003, "This needs at least {min_length:# character|characters}.", "actual_length")
INVALID_FORMAT = error(4000004, "This does not have the form {pattern}.")
PASSWORD_POLICY_VIOLATION_GENERIC = error(4000005, "This password cannot be used: {reason}")
INVALID_CREDENTIALS = error(4000006, "These details do not fit any account. Please check them for typing errors.")
DUPLICATE_CREDENTIALS = error(4000007, "An account with one of these details exists already.")
TOTP_VERIFIER_WRONG = error(4000008, "This code is not right. Please try the one your app shows now.")
IDENTIFIER_MISSING = error(4000009, "Nothing was given by which you could sign in later.")
ADDRESS_NOT_VERIFIED = error(4000010, "Please verify your address before you sign in.")
NO_TOTP_DEVICE = error(4000011, "No authenticator app is set up for this account.")
LOOKUP_ALREADY_USED = error(4000012, "This backup code was used before.")
NO_WEBAUTHN_DEVICE = error(4000013, "No security key is set up for this account.")
NO_LOOKUP = error(4000014, "No backup codes are set up for this account.")
SUCH_NO_WEBAUTHN_USER = error(4000015, "No account uses this key.")
LOOKUP_INVALID = error(4000016, "This backup code is not right.")
MAX_LENGTH = error(4000017, "This may have at most {max_length:# character|characters}.", "actual_length")
MINIMUM = error(4000018, "{actual} is too small: the least is {minimum}.")
EXCLUSIVE_MINIMUM = error(4000019, "{actual} is too small: it must be more than {minimum}.")
MAXIMUM = error(4000020, "{actual} is too large: the most is {maximum}.")
EXCLUSIVE_MAXIMUM = error(4000021, "{actual} is too large: it must be less than {maximum}.")
MULTIPLE_OF = error(4000022, "{actual} is no multiple of {base}.")
MAX_ITEMS = error(4000023, "At most {max_items:# entry|entries} may stand here.", "actual_items")
MIN_ITEMS = error(4000024, "At least {min_items:# entry|entries} must stand here.", "actual_items")
UNIQUE_ITEMS = error(4000025, "The entries at {index_a} and {index_b} are the same.")
WRONG_TYPE = error(4000026, "Expected {allowed_types: or }, got {actual_type}.")
DUPLICATE_CREDENTIALS_ON_OIDC_LINK = error(4000027, "Another account is linked to this sign-in already.")
DUPLICATE_CREDENTIALS_WITH_HINTS = error(
    4000028,
    "You have an account already, as {credential_identifier_hint}. Please sign in to it.",
    *("available_credential_types", "available_oidc_providers"),
)
CONST = error(4000029, "Only {expected} can stand here.")
CONST_GENERIC = error(4000030, "Something else must stand here.")
PASSWORD_IDENTIFIER_TOO_SIMILAR = error(4000031, "This password is too much like your name or address.")
PASSWORD_MIN_LENGTH = error(
    4000032, "A password needs at least {min_length:# character|characters}; this one has {actual_length}."
)
PASSWORD_MAX_LENGTH = error(
    4000033, "A password may have at most {max_length:# byte|bytes}; this one has {actual_length}."
)
PASSWORD_TOO_MANY_BREACHES = error(
    4000034, "This password stands in {breaches:# known leak|known leaks}: please choose another."
)
NO_CODE_USER = error(4000035, "There is no account here that signs in by code. Perhaps another address?")
TRAITS_MISMATCH = error(4000036, "Your details changed since the code was sent. Please start again.")
ACCOUNT_NOT_FOUND = error(4000037, "There is no such account, or it has no way to sign in.")
CAPTCHA_ERROR = error(4000038, "We could not tell that you are human. Please try again.")
PASSWORD_NEW_SAME_AS_OLD = error(4000039, "This is your password already. Please choose another.")
EMAIL = error(4000040, "“{value}” is no e-mail address.")
PHONE = error(4000041, "“{value}” is no phone number. Please write it with its country code.")
NO_DEVICE_AUTHN_DEVICE = error(4000042, "No device is set up for this account.")
WEBAUTHN_VERIFIER_WRONG = error(4000043, "The answer of the key or passkey was not right. Please try again.")
DEVICE_AUTHN_VERIFIER_WRONG = error(4000044, "The answer of the device was not right. Please try again.")
DEVICE_AUTHN_RELAXED_ATTESTATION_NO_LONGER_VALID = error(
    4000045, "This device is no longer trusted. Please add it anew."
)
DEVICE_AUTHN_KEY_REENROLLMENT_REQUIRED = error(4000046, "The key of this device is out of date. Please add it anew.")

# --- 401 to 407: what is wrong with a flow --------------------------------------------------------------

LOGIN_FLOW_EXPIRED = error(4010001, "This form was valid until {expired_at}. Please sign in with a new one.")
LOGIN_NO_STRATEGY_FOUND = error(4010002, "This way to sign in is not offered. Please choose another.")
REGISTRATION_NO_STRATEGY_FOUND = error(4010003, "This way to sign up is not offered. Please choose another.")
SETTINGS_NO_STRATEGY_FOUND = error(4010004, "There is nothing here to change in this way.")
RECOVERY_NO_STRATEGY_FOUND = error(4010005, "This way to get back in is not offered. Please choose another.")
VERIFICATION_NO_STRATEGY_FOUND = error(4010006, "This way to verify an address is not offered. Please choose another.")
LOGIN_RETRY_SUCCESS = error(4010007, "This form was used before. Please start again.")
LOGIN_CODE_INVALID_OR_ALREADY_USED = error(4010008, "This code is not right, or it was used before.")
LOGIN_LINKED_CREDENTIALS_DO_NOT_MATCH = error(4010009, "These details belong to another account than the one to link.")
LOGIN_ADDRESS_UNKNOWN = error(4010010, "This address does not belong to your account.")
IDENTITY_DISABLED = error(4010011, "This account is disabled.")

REGISTRATION_FLOW_EXPIRED = error(4040001, "This form was valid until {expired_at}. Please sign up with a new one.")
REGISTRATION_RETRY_SUCCESS = error(4040002, "This form was used before. Please start again.")
REGISTRATION_CODE_INVALID_OR_ALREADY_USED = error(4040003, "This code is not right, or it was used before.")

SETTINGS_FLOW_EXPIRED = error(4050001, "This form was valid until {expired_at}. Please open the settings again.")
SETTINGS_TOO_MANY_ADDRESS_CHANGES = error(4050002, "Please change one address at a time.")

RECOVERY_RETRY_SUCCESS = error(4060001, "This form was used before. Please start again.")
RECOVERY_STATE_FAILURE = error(4060002, "Something went wrong on our side. Please start again.")
RECOVERY_TOKEN_INVALID_OR_ALREADY_USED = error(4060004, "This link is not right, or it was used before.")
RECOVERY_FLOW_EXPIRED = error(4060005, "This form was valid until {expired_at}. Please start again.")
RECOVERY_CODE_INVALID_OR_ALREADY_USED = error(4060006, "This code is not right, or it was used before.")

VERIFICATION_TOKEN_INVALID_OR_ALREADY_USED = error(4070001, "This link is not right, or it was used before.")
VERIFICATION_RETRY_SUCCESS = error(4070002, "This form was used before. Please start again.")
VERIFICATION_STATE_FAILURE = error(4070003, "Something went wrong on our side. Please start again.")
VERIFICATION_FLOW_EXPIRED = error(4070005, "This form was valid until {expired_at}. Please start again.")
VERIFICATION_CODE_INVALID_OR_ALREADY_USED = error(4070006, "This code is not right, or it was used before.")

# --- 500: what is wrong with us -------------------------------------------------------------------------

SYSTEM_GENERIC = error(5000001, "{reason}")
SYSTEM_NO_AUTHENTICATION_METHODS_AVAILABLE = error(5000002, "No way to sign in is set up here.")
SYSTEM_ORGANIZATION_NO_SSO_PROVIDERS_AVAILABLE = error(5000003, "Your organization has no sign-in provider set up.")

BY_ID: dict[int, Row] = {row.id: row for row in list(globals().values()) if isinstance(row, Row)}
"""Every row by its number."""

RESERVED = frozenset(
    {1010000, 1010020, 1020000, 1030000, 1040000, 1050000, 1050021, 1050022, 1060000, 1080000}
    | {4000000, 4010000, 4040000, 4050000, 4060000, 4060003, 4070000, 4070004, 5000000}
)
"""Numbers that clients know but no server sends. Nothing of ours may take them."""
