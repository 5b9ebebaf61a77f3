import { useState } from 'react'
import type { CommandInput } from '../src/contract/commands.ts'
import { whyNoLink } from '../src/contract/link-words.ts'
import { Button } from './button.tsx'
import { top, useHawser, useHawserState, useView } from './hawser.tsx'

interface TerminalButtonProps {
	wish: CommandInput<'openTerminal'>
	/** The workstation it is on. */
	workstation: string
	title: string
	label: string
	/** Where a refusal is shown. */
	about?: string
}

/** Opens the person's own terminal there: as soon as, and as long as, the menu does. */
export function TerminalButton({ wish, workstation, title, label, about = top }: TerminalButtonProps) {
	const { send } = useHawser()
	const { workstations } = useHawserState()
	const { gone } = useView()
	const [asked, setAsked] = useState(false)
	const there = workstations[workstation]
	const reason = there ? whyNoLink(there) : `no workstation named ${workstation}`
	const why = gone ? 'Hawser is not running.' : asked ? 'It is being opened.' : sentence(reason, workstation)
	const open = async () => {
		setAsked(true)
		await send('openTerminal', wish, about)
		setAsked(false)
	}
	return (
		<Button kind="quiet" title={title} why={why} onClick={() => void open()}>
			{label}
		</Button>
	)
}

/** A name stays as it is written. */
function sentence(words: string | null, name: string): string | null {
	if (words === null) return null
	return `${words.startsWith(name) ? words : words.charAt(0).toUpperCase() + words.slice(1)}.`
}
