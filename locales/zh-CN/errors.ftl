# 请求被拒绝时显示给用户的文字。{ $p1 } 和 { $p2 } 由服务器填入。

error-generic = 操作未能完成，请稍后再试，或联系客服。
error-500 = 系统出现问题，请稍后再试，或联系客服。

## 入口

error-GATEWAY_CODE_001 = 请先登录。
error-GATEWAY_CODE_003 = 请求中缺少公司编号。
error-GATEWAY_CODE_004 = 请求中缺少有效的跟踪编号，请刷新后重试。
error-GATEWAY_CODE_005 = 登录已失效，请重新登录。
error-GATEWAY_CODE_010 = 该操作不存在。
error-GATEWAY_CODE_011 = 关联服务出现异常，请联系客服。
error-GATEWAY_CODE_012 = 所需的服务暂时不可用，请稍后再试。
error-GATEWAY_CODE_013 = 关联服务没有返回有效结果，请稍后再试。
error-GATEWAY_CODE_014 = 请求已过期，请重试。
error-GATEWAY_CODE_015 = 无法识别请求内容，请刷新后重试。
error-GATEWAY_CODE_016 = 该操作不支持这种请求方式。
error-GATEWAY_CODE_018 = 操作过于频繁，请稍后再试。
error-GATEWAY_CODE_019 = 您没有权限进行此操作。
error-GATEWAY_CODE_103 = 不支持此文件格式，请上传以下格式的文件：{ $p1 }
error-GATEWAY_CODE_102 = 无法完成此操作：{ $p1 }
error-GATEWAY_CODE_104 = 请检查此项后重试：{ $p1 }
error-GATEWAY_CODE_201 = 该功能尚未开放，请联系客服。
error-GATEWAY_CODE_902 = 服务响应超时，请稍后再试，或联系客服。

## 账户与登录

error-CUSTOMER_API_0000003 = 数据不存在。
error-CUSTOMER_API_0000103 = 该账户已停止登录，请联系客服。
error-CUSTOMER_API_0000106 = 该手机号已被使用。
error-CUSTOMER_API_0000107 = 该邮箱已被使用。
error-CUSTOMER_API_0000110 = 暂无可用的客户账号，请联系客服。
error-CUSTOMER_API_0000111 = 公司不存在或已停用。
error-CUSTOMER_API_0000112 = 账号或密码错误。
error-CUSTOMER_API_0000113 = 错误次数过多，登录已暂时锁定，请稍后再试。
error-CUSTOMER_API_0000117 = 账户仍有持仓，暂时不能注销。
error-CUSTOMER_API_0000118 = 账户仍有余额，暂时不能注销。
error-CUSTOMER_API_0000119 = 账户仍有未完成的申请，暂时不能注销。
error-CUSTOMER_API_0000121 = 已绑定手机号，如需更换请使用更换手机号功能。
error-CUSTOMER_API_0000122 = 已绑定邮箱，如需更换请使用更换邮箱功能。
error-CUSTOMER_API_0000127 = 账户仍有未还负债，暂时不能注销。
error-CUSTOMER_API_0000306 = 暂时无法开户，请联系客服。

## 密码

error-CUSTOMER_API_0000123 = 新密码不能与旧密码相同。
error-CUSTOMER_API_0000124 = 旧密码错误。
error-CUSTOMER_API_0000132 = 资金密码错误。再输错 { $p1 } 次，将锁定 { $p2 } 小时，期间无法提现。
error-CUSTOMER_API_0000133 = 资金密码已经设置过。
error-CUSTOMER_API_0000134 = 资金密码已连续输错 { $p1 } 次，请 { $p2 } 小时后再试，或联系客服。
error-CUSTOMER_API_0000135 = 登录密码已经设置过。
error-CUSTOMER_API_0000139 = 密码过于简单，请换一个。

## 联系方式与第三方账号

error-CUSTOMER_API_0000136 = 请检查手机号，须为您可在此使用的号码。
error-CUSTOMER_API_0000137 = 请检查邮箱，须为您可在此使用的邮箱。
error-CUSTOMER_API_0000143 = 当前账户已绑定 { $p1 } 账号，不能重复绑定。
error-CUSTOMER_API_0000144 = 该 { $p1 } 账号已被绑定，请换一个 { $p1 } 账号。
error-CUSTOMER_API_0000145 = 不支持该类型，可以使用：{ $p1 }
error-CUSTOMER_API_0000156 = 尚未绑定邮箱，请先绑定邮箱。
error-CUSTOMER_API_0000902 = 第三方服务未能确认此操作，请重试。
error-CUSTOMER_API_0001003 = 暂不支持您选择的国家或地区。
error-CUSTOMER_API_0001004 = 新手机号不能与旧手机号相同。
error-CUSTOMER_API_0001005 = 新邮箱不能与旧邮箱相同。
error-CUSTOMER_API_0001019 = 已经设置过邮箱，不能重复设置。
error-CUSTOMER_API_0001020 = 已经设置过手机号，不能重复设置。
error-CUSTOMER_API_0001021 = 尚未绑定，请先绑定：{ $p1 }

## 填写内容

error-CUSTOMER_API_0000501 = 请填写此项：{ $p1 }
error-CUSTOMER_API_0000504 = 手机号格式不正确。
error-CUSTOMER_API_0000507 = 国家或地区代码不正确。
error-CUSTOMER_API_0000510 = 邮箱格式不正确。
error-CUSTOMER_API_0000604 = 您已通过身份认证，不能再更改。
error-CUSTOMER_API_0000601 = 您的身份认证资料正在审核中，请等待结果。
error-CUSTOMER_API_0000602 = 此处不需要该身份认证。
error-CUSTOMER_API_0000606 = 您的身份认证未通过，请联系客服。
error-CUSTOMER_API_0000608 = 该身份认证已不在待审核状态。
error-CUSTOMER_API_0000616 = 请先完成前一级认证。
error-CUSTOMER_API_0000620 = 请检查此项内容：{ $p1 }。
error-CUSTOMER_API_0000624 = 该国家或地区暂不支持企业开户。
error-CUSTOMER_API_0001631 = 该身份认证在您查看后已有变化，请重新查看。
error-CUSTOMER_API_0001632 = { $p1 } 正在处理该身份认证。
error-CUSTOMER_API_0001633 = 无法接受此文件，请选择其他文件。

## 验证码与两步验证

error-CUSTOMER_API_0000138 = 该账户已开启两步验证，不能在此进行此操作。
error-CUSTOMER_API_0000511 = 验证码错误。
error-CUSTOMER_API_0000512 = 验证码获取或输错次数过多，请稍后再试。
error-CUSTOMER_API_0000513 = 新手机号的验证码错误。
error-CUSTOMER_API_0000514 = 原手机号的验证码错误。
error-CUSTOMER_API_0000515 = 新邮箱的验证码错误。
error-CUSTOMER_API_0000516 = 原邮箱的验证码错误。
error-CUSTOMER_API_0000517 = 邮箱验证码错误。
error-CUSTOMER_API_0000518 = 短信验证码错误。
error-CUSTOMER_API_0000519 = 身份验证器的验证码错误。
error-CUSTOMER_API_0000520 = 请输入身份验证器中的验证码。
error-CUSTOMER_API_0000521 = 请输入邮箱验证码或短信验证码。
error-CUSTOMER_API_0000004 = 该事项正在处理中，暂时无法执行此操作。
error-CUSTOMER_API_0000315 = 此类账户不提供该币种。
error-CUSTOMER_API_0001022 = 请先绑定邮箱或手机号。
error-CUSTOMER_API_0001040 = 请先绑定身份验证器。
error-FUND_0000001 = 可用余额不足。
error-FUND_0000002 = 超出可借额度。
error-FUND_0000003 = 金额过大。
error-FUND_0000004 = 该账户没有欠款。
error-FUND_0000005 = 该账户暂时冻结。
error-FUND_0000006 = 超出该账户的上限。
error-FUND_0000007 = 该幂等键已用于其他请求。
error-FUND_0000008 = 该笔转账已被冲正。
error-FUND_0000009 = 该笔冻结已结束。
error-FUND_0000010 = 不支持向其他客户转账。
error-FUND_0000011 = 没有可用的汇率。
error-FUND_0000012 = 您刚更改过登录或联系方式，暂时不能向他人转账。
error-FUND_0000013 = 该提案已处理。
error-FUND_0000014 = 提案人不能审批自己的提案。
