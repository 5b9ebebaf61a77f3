// The slow line to the port that is given, with so many ms one way: a process of its own, as the network would be. What
// it is told comes as messages `{ number, name, value }`; it answers with the number.
import { startFaultProxy } from '../peers/fault-proxy.ts'
import type { LineWord } from './line.ts'

const [, , port, delayMs] = process.argv
const line = await startFaultProxy({ host: '127.0.0.1', port: Number(port) }, Number(delayMs))
const deeds: Record<LineWord, (value: number | null) => unknown> = {
	speed: (value) => {
		line.bytesPerSecond = value
	},
	stall: () => line.stall(),
	resume: () => line.resume(),
	reset: () => line.reset(),
	refuse: () => line.refuse(),
	listen: () => line.listen(),
}
process.on('message', async ({ number, name, value }: { number: number; name: LineWord; value: number }) => {
	await deeds[name](value)
	process.send?.({ number })
})
process.once('disconnect', () => line.stop())
process.send?.({ port: line.port })
