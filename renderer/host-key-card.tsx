import type { HostKeyQuestion } from '../src/contract/state.ts'
import { Button } from './button.tsx'
import { elementId } from './details.tsx'
import { useHawser } from './hawser.tsx'

/** The one question that decides whom to trust: the key is shown whole, and neither answer has the focus. */
export function HostKeyCard({ workstation, question }: { workstation: string; question: HostKeyQuestion }) {
	const { send } = useHawser()
	const { host, port, keyType, fingerprint } = question
	// Where OpenSSH's server keeps its public half.
	const kind = /ed25519|ecdsa|rsa/.exec(keyType)?.[0] ?? '*'
	const answer = (accept: boolean) => void send('answerHostKey', { workstation, fingerprint, accept })
	return (
		<section
			id={elementId(`host-key:${workstation}`)}
			tabIndex={-1}
			className="card fix fix-person"
			aria-label="A new host key"
		>
			<h2 className="problem-title">
				{port === 22 ? host : `${host}, port ${port},`} has not been seen before
			</h2>
			<p>
				This is its {keyType} key. Compare it with the one the workstation shows for itself, by{' '}
				<code>ssh-keygen -lf /etc/ssh/ssh_host_{kind}_key.pub</code> there; if they are the same, accept it.
				It is then remembered.
			</p>
			<code className="fingerprint">{fingerprint}</code>
			<div className="buttons">
				<Button kind="main" onClick={() => answer(true)}>
					Accept this key
				</Button>
				<Button onClick={() => answer(false)}>Do not connect</Button>
			</div>
		</section>
	)
}
