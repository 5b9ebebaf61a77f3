import { useEffect, useRef, useState } from 'react'
import type { Backup, BackupFile } from '../src/contract/code.ts'
import type { Problem } from '../src/contract/problem.ts'
import { useHawser, useView } from './hawser.tsx'

/** So many files are asked for at once; while somebody filters, more, since each answer reads the whole backup. */
const page = { read: 1000, filter: 10_000 }
/** No more are held here. `hawser restore` names any. */
export const mostHeld = 100_000

export interface Backups {
	backups: readonly Backup[] | null
	problem: Problem | null
	reading: boolean
	look(): void
}

/** The backups of a project on both machines. Read when it is first seen, and anew when `since` changes. */
export function useBackups(project: string, since: string): Backups {
	const { engine } = useHawser()
	const { connection } = useView()
	const [backups, setBackups] = useState<readonly Backup[] | null>(null)
	const [problem, setProblem] = useState<Problem | null>(null)
	const [reading, setReading] = useState(true)
	const question = useRef(0)
	const look = async () => {
		const number = ++question.current
		setReading(true)
		setProblem(null)
		const answer = await engine.command('listBackups', { project })
		if (number !== question.current) return
		setReading(false)
		if (answer.ok) setBackups(answer.output.backups)
		else setProblem(answer.problem)
	}
	const latest = useRef(look)
	latest.current = look
	// biome-ignore lint/correctness/useExhaustiveDependencies: what makes the list another one
	useEffect(() => {
		void latest.current()
		return () => void question.current++
	}, [project, since, connection])
	return { backups, problem, reading, look: () => void look() }
}

export interface BackupFiles {
	/** Those that fit the filter and were read, in the order of their paths. */
	found: readonly BackupFile[]
	/** How many were looked through. */
	read: number
	/** Not all were looked through. */
	more: boolean
	reading: boolean
	problem: Problem | null
	/** Tries again after a problem. */
	again(): void
}

interface Wanted {
	/** A part of the path, in capitals or not; empty: any. */
	filter: string
	/** It reads on until there are so many, or no more. */
	most: number
}

/** The files of one backup, read page by page, as far as they are wanted. */
export function useBackupFiles(
	project: string,
	{ id, machine }: Pick<Backup, 'id' | 'machine'>,
	{ filter, most }: Wanted,
): BackupFiles {
	const { engine } = useHawser()
	const [files, setFiles] = useState<readonly BackupFile[]>([])
	const [more, setMore] = useState(true)
	const [problem, setProblem] = useState<Problem | null>(null)
	const plain = filter.trim().toLowerCase()
	const found = plain === '' ? files : files.filter(({ path }) => path.toLowerCase().includes(plain))
	const wanted = more && problem === null && found.length <= most && files.length < mostHeld
	const size = plain === '' ? page.read : page.filter
	const after = files.at(-1)?.path
	useEffect(() => {
		if (!wanted) return
		let left = false
		const place = { project, machine, backup: id, most: size, ...(after === undefined ? {} : { after }) }
		void engine.command('listBackupFiles', place).then((answer) => {
			if (left) return
			if (!answer.ok) return setProblem(answer.problem)
			setFiles((before) => [...before, ...answer.output.files])
			setMore(answer.output.more && answer.output.files.length > 0)
		})
		return () => {
			left = true
		}
	}, [engine, project, machine, id, wanted, size, after])
	return { found, read: files.length, more, reading: wanted, problem, again: () => setProblem(null) }
}
