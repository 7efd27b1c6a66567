# 請求被拒絕時顯示給用戶的文字。{ $p1 } 和 { $p2 } 由伺服器填入。

error-generic = 操作未能完成，請稍後再試，或聯絡客戶服務。
error-500 = 系統出現問題，請稍後再試，或聯絡客戶服務。

## 入口

error-GATEWAY_CODE_001 = 請先登入。
error-GATEWAY_CODE_003 = 請求中缺少公司編號。
error-GATEWAY_CODE_004 = 請求中缺少有效的追蹤編號，請重新整理後再試。
error-GATEWAY_CODE_005 = 登入已失效，請重新登入。
error-GATEWAY_CODE_010 = 此操作不存在。
error-GATEWAY_CODE_011 = 關聯服務出現異常，請聯絡客戶服務。
error-GATEWAY_CODE_012 = 所需的服務暫時未能使用，請稍後再試。
error-GATEWAY_CODE_013 = 關聯服務沒有傳回有效結果，請稍後再試。
error-GATEWAY_CODE_014 = 請求已過期，請再試一次。
error-GATEWAY_CODE_015 = 無法識別請求內容，請重新整理後再試。
error-GATEWAY_CODE_016 = 此操作不支援這種請求方式。
error-GATEWAY_CODE_018 = 操作過於頻密，請稍後再試。
error-GATEWAY_CODE_019 = 您沒有權限進行此操作。
error-GATEWAY_CODE_103 = 不支援此檔案格式，請上傳以下格式的檔案：{ $p1 }
error-GATEWAY_CODE_102 = 無法完成此操作：{ $p1 }
error-GATEWAY_CODE_104 = 請檢查此項後再試：{ $p1 }
error-GATEWAY_CODE_201 = 此功能尚未開放，請聯絡客戶服務。
error-GATEWAY_CODE_902 = 服務回應逾時，請稍後再試，或聯絡客戶服務。

## 帳戶與登入

error-CUSTOMER_API_0000003 = 資料不存在。
error-CUSTOMER_API_0000103 = 此帳戶已停止登入，請聯絡客戶服務。
error-CUSTOMER_API_0000106 = 此手機號碼已被使用。
error-CUSTOMER_API_0000107 = 此電郵地址已被使用。
error-CUSTOMER_API_0000110 = 暫無可用的客戶號碼，請聯絡客戶服務。
error-CUSTOMER_API_0000111 = 公司不存在或已停用。
error-CUSTOMER_API_0000112 = 帳號或密碼錯誤。
error-CUSTOMER_API_0000113 = 錯誤次數過多，登入已暫時鎖定，請稍後再試。
error-CUSTOMER_API_0000117 = 帳戶仍有持倉，暫時不能註銷。
error-CUSTOMER_API_0000118 = 帳戶仍有結餘，暫時不能註銷。
error-CUSTOMER_API_0000119 = 帳戶仍有未完成的申請，暫時不能註銷。
error-CUSTOMER_API_0000121 = 已綁定手機號碼，如需更換請使用更換手機號碼功能。
error-CUSTOMER_API_0000122 = 已綁定電郵地址，如需更換請使用更換電郵地址功能。
error-CUSTOMER_API_0000127 = 帳戶仍有未清還的負債，暫時不能註銷。
error-CUSTOMER_API_0000306 = 暫時無法開戶，請聯絡客戶服務。

## 密碼

error-CUSTOMER_API_0000123 = 新密碼不能與舊密碼相同。
error-CUSTOMER_API_0000124 = 舊密碼錯誤。
error-CUSTOMER_API_0000132 = 資金密碼錯誤。再輸錯 { $p1 } 次，將鎖定 { $p2 } 小時，期間無法提款。
error-CUSTOMER_API_0000133 = 資金密碼已經設定。
error-CUSTOMER_API_0000134 = 資金密碼已連續輸錯 { $p1 } 次，請於 { $p2 } 小時後再試，或聯絡客戶服務。
error-CUSTOMER_API_0000135 = 登入密碼已經設定。
error-CUSTOMER_API_0000139 = 密碼過於簡單，請另選一個。

## 聯絡方式與第三方帳號

error-CUSTOMER_API_0000136 = 請檢查手機號碼，須為您可在此使用的號碼。
error-CUSTOMER_API_0000137 = 請檢查電郵地址，須為您可在此使用的電郵地址。
error-CUSTOMER_API_0000143 = 目前帳戶已綁定 { $p1 } 帳號，不能重複綁定。
error-CUSTOMER_API_0000144 = 此 { $p1 } 帳號已被綁定，請改用另一個 { $p1 } 帳號。
error-CUSTOMER_API_0000145 = 不支援此類型，可以使用：{ $p1 }
error-CUSTOMER_API_0000156 = 尚未綁定電郵地址，請先綁定電郵地址。
error-CUSTOMER_API_0000902 = 第三方服務未能確認此操作，請再試一次。
error-CUSTOMER_API_0001003 = 暫不支援您選擇的國家或地區。
error-CUSTOMER_API_0001004 = 新手機號碼不能與舊手機號碼相同。
error-CUSTOMER_API_0001005 = 新電郵地址不能與舊電郵地址相同。
error-CUSTOMER_API_0001019 = 已經設定電郵地址，不能重複設定。
error-CUSTOMER_API_0001020 = 已經設定手機號碼，不能重複設定。
error-CUSTOMER_API_0001021 = 尚未綁定，請先綁定：{ $p1 }

## 填寫內容

error-CUSTOMER_API_0000501 = 請填寫此項：{ $p1 }
error-CUSTOMER_API_0000504 = 手機號碼格式不正確。
error-CUSTOMER_API_0000507 = 國家或地區代碼不正確。
error-CUSTOMER_API_0000510 = 電郵地址格式不正確。
error-CUSTOMER_API_0000604 = 您已通過身份認證，不能再更改。
error-CUSTOMER_API_0000601 = 您的身份認證資料正在審核中，請等待結果。
error-CUSTOMER_API_0000602 = 此處不需要該身份認證。
error-CUSTOMER_API_0000606 = 您的身份認證未通過，請聯絡客服。
error-CUSTOMER_API_0000608 = 該身份認證已不在待審核狀態。
error-CUSTOMER_API_0000616 = 請先完成前一級認證。
error-CUSTOMER_API_0000620 = 請檢查此項內容：{ $p1 }。
error-CUSTOMER_API_0000624 = 該國家或地區暫不支援企業開戶。
error-CUSTOMER_API_0001631 = 該身份認證在您查看後已有變化，請重新查看。
error-CUSTOMER_API_0001632 = { $p1 } 正在處理該身份認證。
error-CUSTOMER_API_0001633 = 無法接受此檔案，請選擇其他檔案。

## 驗證碼與兩步驗證

error-CUSTOMER_API_0000138 = 此帳戶已開啟兩步驗證，不能在此進行此操作。
error-CUSTOMER_API_0000511 = 驗證碼錯誤。
error-CUSTOMER_API_0000512 = 索取驗證碼或輸錯的次數過多，請稍後再試。
error-CUSTOMER_API_0000513 = 新手機號碼的驗證碼錯誤。
error-CUSTOMER_API_0000514 = 原手機號碼的驗證碼錯誤。
error-CUSTOMER_API_0000515 = 新電郵地址的驗證碼錯誤。
error-CUSTOMER_API_0000516 = 原電郵地址的驗證碼錯誤。
error-CUSTOMER_API_0000517 = 電郵驗證碼錯誤。
error-CUSTOMER_API_0000518 = 短訊驗證碼錯誤。
error-CUSTOMER_API_0000519 = 身份驗證器的驗證碼錯誤。
error-CUSTOMER_API_0000520 = 請輸入身份驗證器中的驗證碼。
error-CUSTOMER_API_0000521 = 請輸入電郵驗證碼或短訊驗證碼。
error-CUSTOMER_API_0000004 = 該事項正在處理中，暫時無法執行此操作。
error-CUSTOMER_API_0000315 = 此類賬戶不提供該幣種。
error-CUSTOMER_API_0001022 = 請先綁定電郵或手機號碼。
error-CUSTOMER_API_0001040 = 請先綁定身份驗證器。
error-FUND_0000001 = 可用餘額不足。
error-FUND_0000002 = 超出可借額度。
error-FUND_0000003 = 金額過大。
error-FUND_0000004 = 該帳戶沒有欠款。
error-FUND_0000005 = 該帳戶暫時凍結。
error-FUND_0000006 = 超出該帳戶的上限。
error-FUND_0000007 = 該冪等鍵已用於其他請求。
error-FUND_0000008 = 該筆轉帳已被沖正。
error-FUND_0000009 = 該筆凍結已結束。
error-FUND_0000010 = 不支援向其他客戶轉帳。
error-FUND_0000011 = 沒有可用的匯率。
error-FUND_0000012 = 您剛更改過登入或聯絡方式，暫時不能向他人轉帳。
error-FUND_0000013 = 該提案已處理。
error-FUND_0000014 = 提案人不能審批自己的提案。
