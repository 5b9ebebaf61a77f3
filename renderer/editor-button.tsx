import { useEffect, useState } from 'react'
import type { CommandInput } from '../src/contract/commands.ts'
import type { Problem } from '../src/contract/problem.ts'
import type { ProjectState } from '../src/contract/state.ts'
import { Button } from './button.tsx'
import { useHawser } from './hawser.tsx'
import { NextStepButton } from './next-step.tsx'

interface EditorButtonProps {
	project: ProjectState
	machine: CommandInput<'openInEditor'>['machine']
	path: string
}

/** Opens a worktree in the person's editor, which it names. Where there is none, it says so and what to do. */
export function EditorButton({ project: { name: project, workstation }, machine, path }: EditorButtonProps) {
	const { engine } = useHawser()
	const [editor, setEditor] = useState<string | null>(null)
	const [status, setStatus] = useState<'looking' | 'still' | 'opening' | 'opened'>('looking')
	const [problem, setProblem] = useState<Problem | null>(null)
	useEffect(() => {
		let left = false
		void engine.command('findEditor', { project, machine, path }).then((answer) => {
			if (left) return
			setStatus('still')
			if (answer.ok) setEditor(answer.output.editor)
			else setProblem(answer.problem)
		})
		return () => {
			left = true
		}
	}, [engine, project, machine, path])
	const open = async () => {
		setStatus('opening')
		setProblem(null)
		const answer = await engine.command('openInEditor', { project, machine, path })
		setStatus(answer.ok ? 'opened' : 'still')
		if (answer.ok) setEditor(answer.output.editor)
		else setProblem(answer.problem)
	}
	const label = `Open in ${editor ?? 'an editor'}`
	return (
		<>
			<div className="buttons">
				<Button why={whyNot(status, editor, problem)} onClick={() => void open()}>
					{status === 'opening' ? 'Opening…' : label}
				</Button>
			</div>
			<p className="quiet small" role="status">
				{status === 'opened' && `Opened in ${editor}.`}
			</p>
			{problem && (
				<div className="trouble" role={editor === null ? undefined : 'alert'}>
					<p className="strong">{problem.title}</p>
					<p>{problem.meaning}</p>
					{/* The path can be copied beside this. */}
					{problem.next?.kind === 'copy' && problem.next.text !== path && (
						<div className="buttons">
							<NextStepButton
								problem={problem}
								workstation={workstation}
								project={project}
								where={`editor:${project}`}
							/>
						</div>
					)}
				</div>
			)}
		</>
	)
}

function whyNot(status: string, editor: string | null, problem: Problem | null): string | null {
	if (status === 'looking') return 'It is being looked for.'
	if (status === 'opening') return 'It is being opened.'
	return editor === null && problem ? `${problem.title}.` : null
}
