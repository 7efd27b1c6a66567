# Messages sent to customers. A text message (-sms) must stay short: the code comes first,
# and a link stands alone on the last line.

## What a verification code is for

purpose-common = confirm your request
purpose-login = sign in
purpose-register = create your account
purpose-password = reset your password
purpose-logined = confirm a change
purpose-telegram = confirm your Telegram

## What was changed

change-login-password = Login password
change-fund-password = Fund password
change-email = E-mail address
change-phone = Mobile number
change-mfa-on = Two-step verification switched on
change-mfa-off = Two-step verification switched off
change-recovery-codes = Recovery codes
change-third-party = Linked third-party account
change-closure = Closure of the account asked for

## Verification code

message-code-email-subject = Your { $company } verification code
message-code-email-text =
    Use this code to { $purpose } at { $company }:

    { $code }

    It works once and expires in { $minutes ->
        [one] { $minutes } minute
       *[other] { $minutes } minutes
    }. Do not share it with anyone; our staff will never ask for it.

    If you did not ask for this code, you can ignore this message.
message-code-sms = { $code } is your { $company } code to { $purpose }. Valid { $minutes } min. Never share it.

## Sign-in from a new device or country

message-new-device-email-subject = New sign-in to your { $company } account
message-new-device-email-text =
    Your { $company } account { $address } was signed in to from a new device or place.

    Time: { $time }
    Device: { $device }
    Country: { $country }
    IP address: { $ip }

    If this was you, there is nothing to do. If not, change your password now and contact customer service.
message-new-device-sms = { $company }: new sign-in at { $time }, country { $country }. Not you? Change your password now.

## Right password, wrong authenticator code

message-wrong-google-code-email-subject = Someone may know your { $company } password
message-wrong-google-code-email-text =
    Someone gave the right password for your { $company } account { $address }, but a wrong authenticator code. They were not let in.

    Time: { $time }
    Device: { $device }
    Country: { $country }
    IP address: { $ip }

    If this was not you, change your password now: someone else knows it.
message-wrong-google-code-sms = { $company }: right password but wrong authenticator code at { $time }. Not you? Change your password now.

## A credential or contact was changed

message-credential-changed-email-subject = A change to your { $company } account
message-credential-changed-email-text =
    This was just changed in your { $company } account:

    { $what }

    If this was you, there is nothing to do. If not, freeze the account at once with this link. It works once, within 72 hours:

    { $link }
message-credential-changed-app =
    This was just changed in your { $company } account: { $what }.
    If this was not you, freeze the account by the link in the notice that we sent to your contacts, and reset your password.
message-credential-changed-sms =
    { $company }: changed in your account: { $what }. Not you? Freeze it within 72 hours:
    { $link }

## Few recovery codes left

message-recovery-codes-low-email-subject = You are running out of { $company } recovery codes
message-recovery-codes-low-email-text =
    { $count ->
        [0] You have no recovery codes left
        [one] You have only { $count } recovery code left
       *[other] You have only { $count } recovery codes left
    } for two-step verification at { $company }.

    Without them you cannot get in if you lose your authenticator. Get new ones in your security settings.
message-recovery-codes-low-sms = { $company }: { $count ->
        [one] { $count } recovery code
       *[other] { $count } recovery codes
    } left. Get new ones in your security settings.

## A document that expires

message-document-expires-email-subject = Your identity document at { $company }
message-document-expires-email-text =
    { $days ->
        [0] The identity document that you have shown to { $company } has expired.
        [one] The identity document that you have shown to { $company } expires within { $days } day.
       *[other] The identity document that you have shown to { $company } expires within { $days } days.
    }

    Please sign in and submit a valid one, so that you can go on using your account in full.
message-document-expires-sms = { $company }: { $days ->
        [0] your identity document has expired
        [one] your identity document expires within { $days } day
       *[other] your identity document expires within { $days } days
    }. Please sign in and submit a valid one.
## The account is closed, or stays open
message-closure-approved-email-subject = Your { $company } account is closed
message-closure-approved-email-text =
    Your { $company } account is closed, as you asked.
    Personal data will be erased when the time is over for which the law wants it kept.
message-closure-approved-sms = { $company }: your account is closed, as you asked.
message-closure-rejected-email-subject = Your { $company } account stays open
message-closure-rejected-email-text =
    Your { $company } account was not closed, and you can use it as before.
    Reason: { $reason }
message-closure-rejected-sms = { $company }: your account was not closed: { $reason }

## A member of staff is invited

message-staff-invitation-email-subject = Your invitation to the { $company } back office
message-staff-invitation-email-text =
    You are invited to the back office of { $company } as { $name }. Enrol with this code:

    { $code }

    It works once and expires in { $hours } hours. Whoever has it can enrol in your place: do not pass it on.
message-staff-invitation-sms = { $code } is your code for the { $company } back office, { $name }. Valid { $hours } h.

## Test message

message-test-email-subject = Test message from { $company }
message-test-email-text =
    This is a test message from { $company }, sent at { $time }.

    If you can read it, sending works. There is nothing to do.
message-test-sms = Test message from { $company }, sent at { $time }.
