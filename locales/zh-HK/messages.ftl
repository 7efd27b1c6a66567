# 發送給客戶的訊息。短訊（-sms）須簡短：驗證碼在最前，連結獨佔最後一行。

## 驗證碼用途

purpose-common = 確認操作
purpose-login = 登入
purpose-register = 註冊帳戶
purpose-password = 重設密碼
purpose-logined = 確認更改
purpose-telegram = 確認 Telegram

## 更改內容

change-login-password = 登入密碼
change-fund-password = 資金密碼
change-email = 電郵地址
change-phone = 手機號碼
change-mfa-on = 開啟兩步驗證
change-mfa-off = 關閉兩步驗證
change-recovery-codes = 備用碼
change-third-party = 綁定的第三方帳號
change-closure = 申請註銷帳戶

## 驗證碼

message-code-email-subject = 您的{ $company }驗證碼
message-code-email-text =
    您在{ $company }用於{ $purpose }的驗證碼：

    { $code }

    驗證碼只能使用一次，{ $minutes } 分鐘內有效。請勿告訴任何人，我們的職員不會向您索取。

    如果不是您本人操作，請忽略此訊息。
message-code-sms = { $code } 是您的{ $company }驗證碼，用於{ $purpose }，{ $minutes } 分鐘內有效，請勿告訴他人。

## 新裝置或新地點登入

message-new-device-email-subject = 您的{ $company }帳戶有新的登入
message-new-device-email-text =
    您的{ $company }帳戶 { $address } 在新的裝置或地點登入。

    時間：{ $time }
    裝置：{ $device }
    國家或地區：{ $country }
    IP 位址：{ $ip }

    如果是您本人登入，無需理會。如果不是，請立即更改密碼並聯絡客戶服務。
message-new-device-sms = { $company }：{ $time } 有新裝置登入（{ $country }）。如非本人操作，請立即更改密碼。

## 密碼正確但驗證器驗證碼錯誤

message-wrong-google-code-email-subject = 可能有人知道您的{ $company }密碼
message-wrong-google-code-email-text =
    有人輸入了您{ $company }帳戶 { $address } 的正確密碼，但驗證器的驗證碼錯誤，未能登入。

    時間：{ $time }
    裝置：{ $device }
    國家或地區：{ $country }
    IP 位址：{ $ip }

    如果不是您本人操作，即密碼已外洩，請立即更改密碼。
message-wrong-google-code-sms = { $company }：{ $time } 有人輸對密碼但驗證器驗證碼錯誤。如非本人操作，請立即更改密碼。

## 憑證或聯絡方式已更改

message-credential-changed-email-subject = 您的{ $company }帳戶有更改
message-credential-changed-email-text =
    您的{ $company }帳戶剛剛更改了：

    { $what }

    如果是您本人操作，無需理會。如果不是，請立即用以下連結凍結帳戶，連結 72 小時內有效，只能使用一次：

    { $link }
message-credential-changed-app =
    您的{ $company }帳戶剛剛更改了：{ $what }。
    如非本人操作，請用我們發送至您聯絡方式的通知中的連結凍結帳戶，並重設密碼。
message-credential-changed-sms =
    { $company }：帳戶已更改：{ $what }。如非本人操作，請於 72 小時內凍結帳戶：
    { $link }

## 備用碼即將用完

message-recovery-codes-low-email-subject = 您的{ $company }備用碼即將用完
message-recovery-codes-low-email-text =
    您在{ $company }的兩步驗證備用碼只剩 { $count } 個。

    沒有備用碼，遺失驗證器後將無法登入。請在安全設定中取得新的備用碼。
message-recovery-codes-low-sms = { $company }：備用碼只剩 { $count } 個，請在安全設定中取得新的備用碼。

## 證件到期

message-document-expires-email-subject = 您在{ $company }的身份證件
message-document-expires-email-text =
    { $days ->
        [0] 您在{ $company }提交的身份證件已到期。
       *[other] 您在{ $company }提交的身份證件將在 { $days } 天內到期。
    }

    請登入並提交有效證件，以免影響帳戶使用。
message-document-expires-sms = { $company }：{ $days ->
        [0] 您的身份證件已到期
       *[other] 您的身份證件將在 { $days } 天內到期
    }，請登入提交有效證件。
## 帳戶已註銷或未註銷
message-closure-approved-email-subject = 您的{ $company }帳戶已註銷
message-closure-approved-email-text =
    您的{ $company }帳戶已按您的申請註銷。
    法定保存期限屆滿後，您的個人資料將被刪除。
message-closure-approved-sms = { $company }：您的帳戶已按您的申請註銷。
message-closure-rejected-email-subject = 您的{ $company }帳戶未註銷
message-closure-rejected-email-text =
    您的{ $company }帳戶未註銷，可以照常使用。
    原因：{ $reason }
message-closure-rejected-sms = { $company }：您的帳戶未註銷：{ $reason }

## 邀請員工

message-staff-invitation-email-subject = { $company }後台邀請
message-staff-invitation-email-text =
    您已獲邀以 { $name } 的名義使用{ $company }後台。請用此代碼註冊：

    { $code }

    代碼僅可使用一次，{ $hours } 小時內有效。持有者可代您註冊，請勿轉交他人。
message-staff-invitation-sms = { $code } 是您（{ $name }）的{ $company }後台代碼，{ $hours } 小時內有效。

## 測試訊息

message-test-email-subject = 來自{ $company }的測試訊息
message-test-email-text =
    這是{ $company }於 { $time } 發送的測試訊息。

    能看到此訊息，即表示發送正常，無需理會。
message-test-sms = { $company }於 { $time } 發送的測試訊息。
