import { connect } from 'node:net'

/** Of OpenSSH's PROTOCOL.mux: both sides start with it. Length, type, version. */
const hello = Buffer.from([0, 0, 0, 8, 0, 0, 0, 1, 0, 0, 0, 4])

/** Whether the master at `socket` answers. Not when it is ending: its socket may outlive its answers. */
export function masterAnswers(socket: string, timeoutMs: number): Promise<boolean> {
	return new Promise((resolve) => {
		const line = connect({ path: socket })
		const settle = (answers: boolean) => {
			clearTimeout(timer)
			line.destroy()
			resolve(answers)
		}
		const timer = setTimeout(() => settle(false), timeoutMs)
		line.once('data', () => settle(true))
		line.once('error', () => settle(false))
		line.once('close', () => settle(false))
		line.write(hello)
	})
}
