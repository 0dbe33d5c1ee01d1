// The sign-in of staff.
import { useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { messageOf } from './api';
import { signIn } from './live';
import { words } from './words';

export function SignIn() {
  const login = useSignal('');
  const password = useSignal('');
  const visible = useSignal(false);
  const busy = useSignal(false);
  const fault = useSignal('');
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);

  const submit = async (event: Event) => {
    event.preventDefault();
    if (busy.value) return;
    if (!login.value.trim() || !password.value) return void (fault.value = words.signInMissing);
    busy.value = true;
    fault.value = '';
    try {
      await signIn(login.value.trim(), password.value);
    } catch (thrown) {
      fault.value = messageOf(thrown);
      busy.value = false;
    }
  };

  return (
    <main class="sign-in">
      <form onSubmit={submit} noValidate aria-describedby={fault.value ? 'sign-in-fault' : undefined}>
        <p class="brand">
          <span class="mark" aria-hidden="true" />
          <span class="name">{words.product}</span>
        </p>
        <h1>{words.signIn}</h1>
        <p class="hint">{words.signInIntro}</p>
        <p id="sign-in-fault" class="fault-box" role="alert" hidden={!fault.value}>
          {fault.value}
        </p>
        <label for="login">{words.login}</label>
        <input
          ref={first}
          id="login"
          name="login"
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          value={login.value}
          onInput={(event) => (login.value = event.currentTarget.value)}
        />
        <label for="password">{words.password}</label>
        <div class="with-button">
          <input
            id="password"
            name="password"
            {...(visible.value ? { type: 'text' as const } : { type: 'password' as const })}
            autocomplete="current-password"
            value={password.value}
            onInput={(event) => (password.value = event.currentTarget.value)}
          />
          <button
            type="button"
            class="quiet"
            aria-controls="password"
            aria-label={`${visible.value ? words.hidePassword : words.showPassword} ${words.password.toLowerCase()}`}
            onClick={() => (visible.value = !visible.value)}
          >
            {visible.value ? words.hidePassword : words.showPassword}
          </button>
        </div>
        <button type="submit" class="primary" aria-disabled={busy.value}>
          {busy.value ? words.signingIn : words.signIn}
        </button>
      </form>
    </main>
  );
}
