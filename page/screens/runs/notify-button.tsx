import type { JSX } from 'preact';
import { canNotify, notified, setNotified, type NotifyTarget } from '../../api/notify.ts';
import { toast } from '../../app/toast-list.ts';
import { Button } from '../../components/button.tsx';

interface NotifyButtonProps {
  readonly target: NotifyTarget;
  readonly children: string;
}

/** Asks for a notification of the browser when a run ends, and against it. */
export function NotifyButton({ target, children }: NotifyButtonProps): JSX.Element | null {
  if (!canNotify) return null;
  const isOn = notified.value.includes(target);
  const change = async (): Promise<void> => {
    const isPermitted = await setNotified(target, !isOn);
    if (!isPermitted) toast('The browser blocks notifications from this page.', 'bad');
    else toast(isOn ? 'Notifications are off' : 'Notifications are on while a tab of this page is open');
  };
  return (
    <Button icon="bell" isPressed={isOn} onClick={() => void change()}>
      {children}
    </Button>
  );
}
