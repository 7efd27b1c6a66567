# What people read when a request is refused. { $p1 } and { $p2 } are filled by the server.

error-generic = Something went wrong. Please try again later, or contact customer service.
error-500 = Something went wrong on our side. Please try again later, or contact customer service.

## The front door

error-GATEWAY_CODE_001 = Please sign in first.
error-GATEWAY_CODE_003 = The request does not say which company it is for.
error-GATEWAY_CODE_004 = The request has no valid tracking number. Please refresh and try again.
error-GATEWAY_CODE_005 = Your sign-in has ended. Please sign in again.
error-GATEWAY_CODE_010 = This operation does not exist.
error-GATEWAY_CODE_011 = A connected service is having problems. Please contact customer service.
error-GATEWAY_CODE_012 = A service needed for this is not available right now. Please try again later.
error-GATEWAY_CODE_013 = A connected service gave no usable answer. Please try again later.
error-GATEWAY_CODE_014 = This request has expired. Please try again.
error-GATEWAY_CODE_015 = The request could not be understood. Please refresh and try again.
error-GATEWAY_CODE_016 = This operation does not accept requests of this kind.
error-GATEWAY_CODE_018 = Too many requests in a short time. Please try again in a moment.
error-GATEWAY_CODE_019 = You do not have permission to do this.
error-GATEWAY_CODE_103 = This file format is not supported. Please upload a file in one of these formats: { $p1 }
error-GATEWAY_CODE_102 = This cannot be done: { $p1 }
error-GATEWAY_CODE_104 = Please check this entry and try again: { $p1 }
error-GATEWAY_CODE_201 = This feature is not open yet. Please contact customer service.
error-GATEWAY_CODE_902 = This took too long to answer. Please try again later, or contact customer service.

## Accounts and signing in

error-CUSTOMER_API_0000003 = There is no such record.
error-CUSTOMER_API_0000103 = Signing in to this account has been stopped. Please contact customer service.
error-CUSTOMER_API_0000106 = This mobile number is already in use.
error-CUSTOMER_API_0000107 = This e-mail address is already in use.
error-CUSTOMER_API_0000110 = No account number is free at the moment. Please contact customer service.
error-CUSTOMER_API_0000111 = This company does not exist or has been suspended.
error-CUSTOMER_API_0000112 = The account or password is not right.
error-CUSTOMER_API_0000113 = Signing in is locked for now after too many wrong tries. Please try again later.
error-CUSTOMER_API_0000117 = This account still holds open positions, so it cannot be closed yet.
error-CUSTOMER_API_0000118 = This account still has a balance, so it cannot be closed yet.
error-CUSTOMER_API_0000119 = This account still has a request in progress, so it cannot be closed yet.
error-CUSTOMER_API_0000121 = A mobile number is already linked. Please change it instead.
error-CUSTOMER_API_0000122 = An e-mail address is already linked. Please change it instead.
error-CUSTOMER_API_0000127 = This account still has something to repay, so it cannot be closed yet.
error-CUSTOMER_API_0000306 = New accounts cannot be opened yet. Please contact customer service.

## Passwords

error-CUSTOMER_API_0000123 = The new password must differ from the old one.
error-CUSTOMER_API_0000124 = The old password is not right.
error-CUSTOMER_API_0000132 = The fund password is not right. { $p1 ->
        [one] After { $p1 } more wrong try
       *[other] After { $p1 } more wrong tries
    } it will be locked for { $p2 ->
        [one] { $p2 } hour
       *[other] { $p2 } hours
    }, and you will not be able to withdraw.
error-CUSTOMER_API_0000133 = A fund password has already been set.
error-CUSTOMER_API_0000134 = The fund password was wrong { $p1 ->
        [one] { $p1 } time
       *[other] { $p1 } times
    } in a row. Please try again after { $p2 ->
        [one] { $p2 } hour
       *[other] { $p2 } hours
    }, or contact customer service.
error-CUSTOMER_API_0000135 = A login password has already been set.
error-CUSTOMER_API_0000139 = This password is too easy to guess. Please choose another one.

## Contacts and third-party accounts

error-CUSTOMER_API_0000136 = Please check the mobile number. It must be one you can use here.
error-CUSTOMER_API_0000137 = Please check the e-mail address. It must be one you can use here.
error-CUSTOMER_API_0000143 = Your account is already linked to a { $p1 } account and cannot be linked again.
error-CUSTOMER_API_0000144 = This { $p1 } account is linked to someone else. Please use another { $p1 } account.
error-CUSTOMER_API_0000145 = This type is not supported. You can use: { $p1 }
error-CUSTOMER_API_0000156 = No e-mail address is linked yet. Please link one first.
error-CUSTOMER_API_0000902 = The other service could not confirm this. Please try again.
error-CUSTOMER_API_0001003 = The country you chose is not supported at the moment.
error-CUSTOMER_API_0001004 = The new mobile number must differ from the old one.
error-CUSTOMER_API_0001005 = The new e-mail address must differ from the old one.
error-CUSTOMER_API_0001019 = An e-mail address has already been set and cannot be set again.
error-CUSTOMER_API_0001020 = A mobile number has already been set and cannot be set again.
error-CUSTOMER_API_0001021 = This has not been linked yet, please link it first: { $p1 }

## What was typed

error-CUSTOMER_API_0000501 = Please fill in this entry: { $p1 }
error-CUSTOMER_API_0000504 = This does not look like a mobile number.
error-CUSTOMER_API_0000507 = This country or area code is not right.
error-CUSTOMER_API_0000510 = This does not look like an e-mail address.
error-CUSTOMER_API_0000604 = Your identity has already been verified, so this cannot be changed.
error-CUSTOMER_API_0000601 = Your identity documents are being reviewed already. Please wait for the result.
error-CUSTOMER_API_0000602 = No identity verification of this kind is asked for here.
error-CUSTOMER_API_0000606 = Your identity verification was declined. Please contact customer service.
error-CUSTOMER_API_0000608 = This identity verification is not waiting for a decision any more.
error-CUSTOMER_API_0000616 = Please complete the level before this one first.
error-CUSTOMER_API_0000620 = Please check this entry: { $p1 }.
error-CUSTOMER_API_0000624 = Business accounts are not offered in this country.
error-CUSTOMER_API_0001631 = This identity verification has changed since you looked at it. Please look again.
error-CUSTOMER_API_0001632 = { $p1 } is already handling this identity verification.
error-CUSTOMER_API_0001633 = This file can't be accepted. Please choose another one.

## Verification codes and two-step verification

error-CUSTOMER_API_0000138 = Two-step verification is on for this account, so this cannot be done here.
error-CUSTOMER_API_0000511 = The verification code is not right.
error-CUSTOMER_API_0000512 = Too many verification codes or wrong tries. Please try again later.
error-CUSTOMER_API_0000513 = The code sent to the new mobile number is not right.
error-CUSTOMER_API_0000514 = The code sent to the old mobile number is not right.
error-CUSTOMER_API_0000515 = The code sent to the new e-mail address is not right.
error-CUSTOMER_API_0000516 = The code sent to the old e-mail address is not right.
error-CUSTOMER_API_0000517 = The code sent by e-mail is not right.
error-CUSTOMER_API_0000518 = The code sent by text message is not right.
error-CUSTOMER_API_0000519 = The authenticator code is not right.
error-CUSTOMER_API_0000520 = Please enter the code from your authenticator app.
error-CUSTOMER_API_0000521 = Please enter the code sent by e-mail or text message.
error-CUSTOMER_API_0000004 = This is already being worked on, so it cannot be done now.
error-CUSTOMER_API_0000315 = This currency is not offered for that kind of account.
error-CUSTOMER_API_0001022 = Please add an e-mail address or a mobile number first.
error-CUSTOMER_API_0001040 = Please set up the authenticator first.
error-FUND_0000001 = Not enough is free for this.
error-FUND_0000002 = More cannot be borrowed against these assets.
error-FUND_0000003 = This amount is too large.
error-FUND_0000004 = Nothing is owed on this account.
error-FUND_0000005 = This account is frozen for now.
error-FUND_0000006 = This is more than the account may hold or owe.
error-FUND_0000007 = This key was used for another request.
error-FUND_0000008 = This transfer has already been undone.
error-FUND_0000009 = This hold has already ended.
error-FUND_0000010 = Transfers to other customers are not offered.
error-FUND_0000011 = There is no exchange rate for this.
error-FUND_0000012 = You changed how you sign in or are reached. For a while nothing can be sent to others.
error-FUND_0000013 = This proposal has already been decided.
error-FUND_0000014 = Whoever made a proposal cannot approve it.
