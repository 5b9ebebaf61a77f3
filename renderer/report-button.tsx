import { CopyButton } from './button.tsx'
import { useHawser } from './hawser.tsx'

interface ReportButtonProps {
	/** Null: about whatever there is. */
	workstation: string | null
	kind?: 'plain' | 'quiet'
}

/** Puts the engine's own report on the clipboard: a text for somebody who helps. */
export function ReportButton({ workstation, kind = 'plain' }: ReportButtonProps) {
	const { send } = useHawser()
	const text = async () => (await send('report', workstation === null ? {} : { workstation }))?.text ?? null
	return <CopyButton kind={kind} label="Copy report" text={text} />
}
