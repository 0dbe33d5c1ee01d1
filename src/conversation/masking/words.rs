//! The words that tell a secret from any other number or word: names, and what stands between a name and its secret.
//!
//! Written small and without accents, as [`super::text`] reads them. A name of several words is found with hyphens and
//! stops between too, and with one slip in each of its long words.

use std::sync::LazyLock;

use super::names::{Names, WordSet};

/// Digits as people say them.
pub const DIGIT_WORDS: [(&str, char); 14] = [
    ("zero", '0'),
    ("oh", '0'),
    ("o", '0'),
    ("nought", '0'),
    ("nil", '0'),
    ("one", '1'),
    ("two", '2'),
    ("three", '3'),
    ("four", '4'),
    ("five", '5'),
    ("six", '6'),
    ("seven", '7'),
    ("eight", '8'),
    ("nine", '9'),
];
/// "double one".
pub const REPEATS: [(&str, usize); 4] = [("double", 2), ("triple", 3), ("treble", 3), ("quadruple", 4)];
/// Said between groups of digits.
pub static GAP_WORDS: LazyLock<WordSet> =
    LazyLock::new(|| WordSet::new("then dash hyphen space and slash dot stop next x"));

/// Payment cards; what follows may be a number with a slip in it.
pub static CARDS: LazyLock<Names> = LazyLock::new(|| {
    Names::new(
        "\
         card, cards, cc, visa, mastercard, master card, amex, american express, maestro, discover, debit, credit, \
         long number, 16 digits, sixteen digits, pan, karte, kreditkarte, carte, tarjeta, carta, cartao, kaart, \
         karta, kort",
    )
});
/// Cards that pay for nothing: said before "card".
pub static NO_CARDS: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::new(
        "\
         loyalty sim id library member membership points reward rewards club store meter key top-up up topup gas \
         electric electricity energy travel bus health business report discount prepayment identity oyster customer",
    )
});
/// Between a card's name and its number.
pub static CARD_FILLERS: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::new(
        "\
         number numbers no num nr n is are was it its it's details my the new old debit credit visa mastercard amex \
         card digit digits long this here here's heres ist lautet est es e i think use with for one says numero \
         nummer",
    )
});
/// What says that a date is a card's last day.
pub static EXPIRIES: LazyLock<Names> = LazyLock::new(|| {
    Names::new(
        "\
         exp, expiry, expires, expire, expiration, expiring, valid, thru, through, until, till, good, ends, date, \
         exp date, expiry date, gultig bis, bis, ablaufdatum, ablauf, scadenza, scade, caduca, caducidad, vence, \
         validade, vervalt, geldig tot, vto",
    )
});
/// Months as they begin.
pub const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// A card's check digits.
pub static CHECK_DIGITS: LazyLock<Names> = LazyLock::new(|| {
    Names::new(
        "\
         cvv, cvc, cvv2, cvc2, cvn, cvn2, csc, ccv, cv2, cvs code, c v v, c v c, cvv code, cvc code, cvv number, \
         cvc number, cvvs, security code, security codes, security number, security digits, security no, security \
         num, sec code, card code, card security code, card verification code, card verification number, card \
         verification value, verification code, verification no, verification number, verification digits, \
         verification value, card id number, 3 digits on the back, three digits on the back, 3 digit on the back, 3 \
         digits on back, three digits on back, 3 numbers on the back, three numbers on the back, three numbers on \
         back, last three digits, last 3 digits, digits on the back, digits on the reverse, digits on the rear, on \
         the back, on back, back number, ruckseite, au dos, al dorso, sul retro, al reverso, de atras, achterkant, \
         achterop, no verso, numbers on back, reverse of card, reverse of the card, reverse of my card, rear of \
         card, rear of the card, on the reverse, on the rear, numbers on the back, number on the back, code on the \
         back, on the back it says, back it says, on the back is, on the back are, on the back reads, the back \
         says, back of card, back of the card, back of my card, back of it, 3 on the back, three on the back, \
         signature strip, strip, 3 digit number, three digit number, 3 digit code, three digit code, three digit, 3 \
         digit, three digits, 3 digits, 4 digits on the front, four digits on the front, digits on the front, \
         number on the front, code on the front, cryptogramme, cryptogramme visuel, crypto, code de securite, \
         codigo de seguridad, codice di sicurezza, codigo de seguranca, prufnummer, prufziffer, kartenprufnummer, \
         sicherheitscode, beveiligingscode, kod cvv, kod bezpieczenstwa",
    )
});
/// Between that name and the digits, beside [`FILLERS`].
pub static CHECK_FILLERS: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::new(
        "\
         reverse rear side signature strip mine visa mastercard amex debit credit bank with three 3 last at",
    )
});
/// Where a card's check digits are printed, and what is there: "the three little numbers at the back".
pub static SIDES: LazyLock<WordSet> = LazyLock::new(|| WordSet::new("back rear reverse strip"));
pub static PRINTED: LazyLock<WordSet> =
    LazyLock::new(|| WordSet::new("digit digits number numbers nos nums figures code three 3"));
/// Only beside a card: elsewhere "cid" is a customer.
pub static CHECK_DIGITS_BESIDE: LazyLock<WordSet> = LazyLock::new(|| WordSet::new("cid code security sec sc"));

/// Between a name and digits, whatever they are.
pub static FILLERS: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::new(
        "\
         is are r was were be being should no num number numbers digits nr code my the a an your its it's it that \
         that's thats this there these they they're says say said reads shows of on back front card which if you \
         need for here here's heres as s equals ist lautet sind est es e sont son to i now currently today think ok \
         so jest er ar ha there's theres ware seems seem please pls plz use using definitely always still again \
         just only sure been also actually really probably have has must would might ca ho che ricevuto recu \
         enviaste que envoye erhalten le la el il der die das de les los je 是 为 は 的 는 은",
    )
});
/// Between digits and their name, the other way round.
pub static FILLERS_BACK: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::new(
        "\
         is as are was for my the that's thats that being its it's this your our a new old with on in to be right \
         correct valid actual",
    )
});
/// After digits that count something.
pub static UNITS: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::new(
        "\
         times time tries attempts digits digit numbers letters characters chars people users minutes minute mins \
         min seconds secs sec hours hour hrs hr days day weeks week months month years year pounds pound quid euro \
         euros dollars pence eur gbp usd kwh units unit gb mb tb pm am th st nd rd x percent km miles bills \
         invoices working",
    )
});

/// What a bank is called by.
pub static BANKS: LazyLock<Names> = LazyLock::new(|| {
    Names::new(
        "\
         sort code, sortcode, sort codes, sort, s code, s c, sc, srt code, bsb, routing, routing number, routing \
         no, routing num, aba, aba number, rtn, transit, transit number, institution, blz, bankleitzahl, ifsc, ifsc \
         code, clabe, bank code, branch code, ach, bank details",
    )
});
/// An account at a bank by name.
pub static BANK_ACCOUNTS: LazyLock<Names> = LazyLock::new(|| {
    Names::new(
        "\
         bank account, bank account number, bank acc, bank acct, bank a c, checking account, chequing account, \
         current account, savings account, checking acct, checking acc, kontonummer bank, building society account",
    )
});
/// Any account.
pub static ACCOUNTS: LazyLock<Names> =
    LazyLock::new(|| Names::new("account, acc, acct, a c, ac, accnt, accno, acc num, konto, compte, cuenta"));
/// Between "account" and its number.
pub static ACCOUNT_FILLERS: LazyLock<WordSet> = LazyLock::new(|| WordSet::new("account acc acct name with at in"));
/// Between a bank's name and its number.
pub static BANK_FILLERS: LazyLock<WordSet> = LazyLock::new(|| WordSet::new("and account a c acc number sort code"));
/// Before a number that is one of ours, however it looks.
pub static OURS: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::new(
        "\
         order orders invoice invoices inv bill bills ref reference references tracking parcel ticket case \
         complaint claim booking policy customer client membership member meter mpan mprn serial reading readings \
         read po purchase model sku item product part imei receipt transaction contract agreement quote job vat \
         flat house room unit rechnung facture factura company reg registration",
    )
});

/// Before a phone's number.
pub static PHONES: LazyLock<WordSet> =
    LazyLock::new(|| WordSet::new("phone tel telephone mobile mob call ring text fax whatsapp cell cellphone"));

/// United States social security number.
pub static SOCIALS: LazyLock<Names> = LazyLock::new(|| {
    Names::new(
        "\
         ssn, s s n, ss, social security, social security number, social security no, soc sec, social, social \
         number, socials, ssns, itin, taxpayer id, tax payer id",
    )
});
/// Between the name and the number.
pub static SOCIAL_FILLERS: LazyLock<WordSet> =
    LazyLock::new(|| WordSet::new("last ending ends four security social usa us"));
/// United Kingdom national insurance number.
pub static INSURANCES: LazyLock<Names> = LazyLock::new(|| {
    Names::new(
        "\
         national insurance, national insurance number, national insurance no, nino, ni, n i, ni number, ni no, nat \
         ins, nat insurance, n i number",
    )
});

/// Between the name and the number.
pub static INSURANCE_FILLERS: LazyLock<WordSet> = LazyLock::new(|| WordSet::new("insurance national ins ni"));

/// A password.
pub static PASSWORDS: LazyLock<Names> = LazyLock::new(|| {
    Names::new(
        "\
         password, passwords, passwd, pass word, pass words, passwrd, pasword, passw, psw, pswd, paswd, pwd, pwds, \
         pw, pws, p w, pass wd, pass wrd, passwrds, pwrd, pword, p ssword, p ssw rd, passw rd, passw 0 rd, pa 55 \
         word, pa 55 w 0 rd, p 455 word, p 4 ssword, pss, passphrase, pass phrase, passcode, pass code, passkey, \
         pass key, secret word, login code word, passwort, kennwort, mot de passe, mdp, contrasena, senha, \
         wachtwoord, parola d'ordine, haslo, hasla, heslo, jelszo*, parola, sifre*, losenord, hasło, hasła, \
         adgangskode, kodeord, passord, salasana*, парол*, 密码, 密碼, パスワード, 비밀번호*, mat khau, kata sandi, κωδικος",
    )
});
/// A password only where a sign or its looks say so: "pass me on".
pub static MAYBE_PASSWORDS: LazyLock<Names> = LazyLock::new(|| Names::new("pass, clave, login pass, log in pass"));
/// Said before "pass" where it is a ticket.
pub static TICKETS: LazyLock<WordSet> =
    LazyLock::new(|| WordSet::new("bus season day boarding travel ski parking train to can please gate"));
/// Words that are secret with whatever follows.
pub static ANSWERS: LazyLock<Names> = LazyLock::new(|| {
    Names::new(
        "\
         memorable word, memorable name, memorable place, memorable info, memorable information, memorable answer, \
         memorable phrase, memorable date, secret answer, security answer, security word, security phrase, answer \
         to the security question, answer to my security question, code word, codeword, safe word, question answer, \
         mother's maiden name, mothers maiden name, maiden name, recovery phrase, seed phrase",
    )
});
/// A phrase of several words.
pub static PHRASES: LazyLock<WordSet> =
    LazyLock::new(|| WordSet::new("passphrase phrase phrases words word passphrases"));
/// A number as password.
pub static PINS: LazyLock<Names> = LazyLock::new(|| {
    Names::new(
        "\
         pin, pins, p1n, pin code, pincode, pin number, pin no, pin num, p i n, passcode, pass code, pass number, \
         passnumber, geheimzahl, code pin, code secret, codigo secreto, пин",
    )
});
/// Between "PIN" and the number.
pub static PIN_FILLERS: LazyLock<WordSet> =
    LazyLock::new(|| WordSet::new("portal login app four digit new old just in at from line sms text email by via"));
/// Who somebody is to a program: a password may follow.
pub static LOGINS: LazyLock<Names> = LazyLock::new(|| {
    Names::new(
        "\
         login, logins, log in, logon, log on, signin, sign in, signing in, logging in, logged in, signed in, \
         credentials, creds, username, user name, user, userid, user id, usr, uname, u, user pass, username \
         password, user password, login details, log in details, login info, login name, sign in details, login is, \
         benutzer, benutzername, utilisateur, identifiant, usuario, utente, логин",
    )
});
/// Between a password's name and what it is.
pub static COPULAS: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::new(
        "\
         is was are were s reads equals being be ist war lautet est je etait es era e to jest er ar это мои moje 是 \
         为 は says goes became been c'est means esta sera isnt",
    )
});
/// "set the password to".
pub static CHANGES: LazyLock<WordSet> =
    LazyLock::new(|| WordSet::new("set sets changed change changes reset made make switched switch updated update"));
/// "changed it to", "set as".
pub static BECOMES: LazyLock<WordSet> = LazyLock::new(|| WordSet::new("to as into of with"));
/// Begins what a password is for: "for the portal", "I use".
pub static CONTEXTS: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::new(
        "\
         for of on at with in i we you that which to he she they should would must might could has have i've ive \
         we've weve currently now still also then just used pour fur",
    )
});
/// Before a password that is typed.
pub static TYPED: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::new(
        "\
         typed type used use using entered enter tried try trying put input inputting entering typing it's its \
         called password pw one chose picked wrote keyed set",
    )
});

/// A one-time code by its full name; letters in it are hidden too.
pub static CODES_FULL: LazyLock<Names> = LazyLock::new(|| {
    Names::new(
        "\
         otp, otps, otp code, one time code, onetime code, one time passcode, one time password, one time pin, \
         verification code, verify code, verification pin, verification number, authentication code, authenticator \
         code, authenticator, auth code, security code, login code, log in code, sign in code, access code, unlock \
         code, backup code, backup codes, recovery code, recovery codes, 2fa, 2fa code, mfa, mfa code, two factor \
         code, two step code, sms code, text code, texted code, email code, e mail code, emailed code, reset code, \
         activation code, passcode, confirm code, tan, mtan, sms tan, token code, security token, validation code, \
         sms pin, code de verification, code de confirmation, codigo de verificacion, bestatigungscode, \
         verifizierungscode, einmalcode, codice di verifica, kod weryfikacyjny, verificatiecode, dogrulama kodu, \
         код подтверждения, código de acceso, code de connexion, bekraftelsekod, bekreftelseskode",
    )
});
/// What a code of six digits is for.
pub static VERIFICATIONS: LazyLock<Names> = LazyLock::new(|| {
    Names::new(
        "\
         verification, authentication, verify, authenticate, confirm it's me, prove it's me, to log in, sms, text \
         says, text said, text message, by text, by sms, via sms, via text, by text message, message says, message \
         said, app says, app shows, email says, email said",
    )
});
/// Said just before a code of six digits.
pub static SENDINGS: LazyLock<Names> = LazyLock::new(|| {
    Names::new(
        "\
         got sent, was sent, been sent, were sent, was texted, got texted, been texted, was emailed, was given, \
         been given, texted me, text me, sent me, emailed me, messaged me",
    )
});
/// A code, which may be any other.
pub static CODES: LazyLock<Names> = LazyLock::new(|| {
    Names::new(
        "\
         code, codes, codigo, codice, kod, kode, kodi, koden, код*, 代码, 验证码, コード, 6 digit number, six digit number, \
         6 digits, six digits, confirmation code",
    )
});
/// Codes that anybody may read: said before "code".
pub static OPEN_CODES: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::new(
        "\
         promo promotion promotional discount voucher coupon error post postal zip bar qr product item area dial \
         dialling dialing country tax tariff sort status http https branch store shop reference ref sku material \
         source offer gift referral referrer invite invitation colour color dress meter fault reason response \
         decline declined swift bic cost nominal gl ledger department dept project mcc sic customer account client \
         order booking supplier vendor vat exit rate plan batch event party partner affiliate bank ifsc service \
         charge fee transaction category company currency language airport station course class location site \
         region fuel profile warning result stock centre center merchant job work budget route flight hotel flag \
         penal building hs commodity customs icd cpt diagnosis procedure ean upc isbn part model serial catalogue \
         catalog menu style size savings money win sale deal",
    )
});
/// Codes that anybody may read: said after "code".
pub static OPEN_CODES_AFTER: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::new(
        "\
         postal postale promo promotionnel promocional barres barre fiscale fiscal erreur review error",
    )
});
/// Between a code's name and the code.
pub static CODE_FILLERS: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::new(
        "\
         got get have has had received receive sent send sending me came come comes from by sms message email e \
         mail phone app via in login log again hurry just only new and entered typed put enter use texted emailed \
         gave given arrived text at right correct today hello hi please pls plz digit 6 reads doesn't doesnt isn't \
         isnt not work working works wrong invalid expired rejected fails confirm sagt dice dit",
    )
});
/// Who says that a number was sent to them or typed by them.
pub static CODE_DEEDS: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::new(
        "\
         entered enter typed type put tried input got received texted sent use gave says emailed keyed",
    )
});

/// What becomes of a code: "482913 isn't working".
pub static REJECTED: LazyLock<WordSet> =
    LazyLock::new(|| WordSet::new("isn't isnt doesn't doesnt didn't didnt does did not expired fails failed"));

/// What is named before a key.
pub static KEYS: LazyLock<Names> = LazyLock::new(|| {
    Names::new(
        "\
         key, keys, secret, secrets, token, tokens, api key, apikey, access key, secret key, client secret, private \
         key, auth token, session, session id, sessionid, sid, cookie, jwt, bearer, signature, credential, \
         credentials, passkey, api, webhook, license key, licence key, activation key, product key, access token, \
         refresh token, hash, password hash, authorization, auth",
    )
});
/// Between a key's name and the key.
pub static KEY_FILLERS: LazyLock<WordSet> = LazyLock::new(|| {
    WordSet::new(
        "\
         is was id key secret token my the your value for in mail email you sent me it it's its here api aws access \
         bearer sessionid",
    )
});

/// Words of their own that are one letter away from a name.
pub static NO_SLIPS: LazyLock<WordSet> = LazyLock::new(|| WordSet::new("passport passports discovery"));
