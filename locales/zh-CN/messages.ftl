# 发送给客户的消息。短信（-sms）须简短：验证码在最前，链接独占最后一行。

## 验证码用途

purpose-common = 确认操作
purpose-login = 登录
purpose-register = 注册账户
purpose-password = 重置密码
purpose-logined = 确认更改
purpose-telegram = 确认 Telegram

## 更改内容

change-login-password = 登录密码
change-fund-password = 资金密码
change-email = 邮箱
change-phone = 手机号
change-mfa-on = 开启两步验证
change-mfa-off = 关闭两步验证
change-recovery-codes = 恢复码
change-third-party = 绑定的第三方账号
change-closure = 申请注销账户

## 验证码

message-code-email-subject = 您的{ $company }验证码
message-code-email-text =
    您在{ $company }用于{ $purpose }的验证码：

    { $code }

    验证码只能使用一次，{ $minutes } 分钟内有效。请勿告诉任何人，我们的工作人员不会向您索取。

    如果不是您本人操作，请忽略此消息。
message-code-sms = { $code } 是您的{ $company }验证码，用于{ $purpose }，{ $minutes } 分钟内有效，请勿告诉他人。

## 新设备或新地点登录

message-new-device-email-subject = 您的{ $company }账户有新的登录
message-new-device-email-text =
    您的{ $company }账户 { $address } 在新的设备或地点登录。

    时间：{ $time }
    设备：{ $device }
    国家或地区：{ $country }
    IP 地址：{ $ip }

    如果是您本人登录，无需理会。如果不是，请立即修改密码并联系客服。
message-new-device-sms = { $company }：{ $time } 有新设备登录（{ $country }）。非本人操作请立即修改密码。

## 密码正确但验证器验证码错误

message-wrong-google-code-email-subject = 可能有人知道您的{ $company }密码
message-wrong-google-code-email-text =
    有人输入了您{ $company }账户 { $address } 的正确密码，但验证器的验证码错误，未能登录。

    时间：{ $time }
    设备：{ $device }
    国家或地区：{ $country }
    IP 地址：{ $ip }

    如果不是您本人操作，说明密码已泄露，请立即修改密码。
message-wrong-google-code-sms = { $company }：{ $time } 有人输对密码但验证器验证码错误。非本人操作请立即修改密码。

## 凭证或联系方式已更改

message-credential-changed-email-subject = 您的{ $company }账户有更改
message-credential-changed-email-text =
    您的{ $company }账户刚刚更改了：

    { $what }

    如果是您本人操作，无需理会。如果不是，请立即用以下链接冻结账户，链接 72 小时内有效，只能使用一次：

    { $link }
message-credential-changed-app =
    您的{ $company }账户刚刚更改了：{ $what }。
    如非本人操作，请用我们发送到您联系方式的通知中的链接冻结账户，并重置密码。
message-credential-changed-sms =
    { $company }：账户已更改：{ $what }。非本人操作请在 72 小时内冻结账户：
    { $link }

## 恢复码即将用完

message-recovery-codes-low-email-subject = 您的{ $company }恢复码即将用完
message-recovery-codes-low-email-text =
    您在{ $company }的两步验证恢复码只剩 { $count } 个。

    没有恢复码，丢失验证器后将无法登录。请在安全设置中获取新的恢复码。
message-recovery-codes-low-sms = { $company }：恢复码只剩 { $count } 个，请在安全设置中获取新的恢复码。

## 证件到期

message-document-expires-email-subject = 您在{ $company }的身份证件
message-document-expires-email-text =
    { $days ->
        [0] 您在{ $company }提交的身份证件已到期。
       *[other] 您在{ $company }提交的身份证件将在 { $days } 天内到期。
    }

    请登录并提交有效证件，以免影响账户使用。
message-document-expires-sms = { $company }：{ $days ->
        [0] 您的身份证件已到期
       *[other] 您的身份证件将在 { $days } 天内到期
    }，请登录提交有效证件。
## 账户已注销或未注销
message-closure-approved-email-subject = 您的{ $company }账户已注销
message-closure-approved-email-text =
    您的{ $company }账户已按您的申请注销。
    法定保存期限届满后，您的个人资料将被删除。
message-closure-approved-sms = { $company }：您的账户已按您的申请注销。
message-closure-rejected-email-subject = 您的{ $company }账户未注销
message-closure-rejected-email-text =
    您的{ $company }账户未注销，可以照常使用。
    原因：{ $reason }
message-closure-rejected-sms = { $company }：您的账户未注销：{ $reason }

## 邀请员工

message-staff-invitation-email-subject = { $company }后台邀请
message-staff-invitation-email-text =
    您已受邀以 { $name } 的名义使用{ $company }后台。请用此代码注册：

    { $code }

    代码仅可使用一次，{ $hours } 小时内有效。持有者可代您注册，请勿转交他人。
message-staff-invitation-sms = { $code } 是您（{ $name }）的{ $company }后台代码，{ $hours } 小时内有效。

## 测试消息

message-test-email-subject = 来自{ $company }的测试消息
message-test-email-text =
    这是{ $company }于 { $time } 发送的测试消息。

    能看到此消息，说明发送正常，无需理会。
message-test-sms = { $company }于 { $time } 发送的测试消息。
