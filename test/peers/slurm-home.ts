import { chmod, mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Link } from '../../src/engine/link/link.ts'
import { createLink } from '../../src/engine/link/live-link.ts'
import { makeRunHome, type RunHome } from './run-home.ts'
import type { Slurm } from './slurm.ts'
import { type Sshd, startSshd } from './sshd.ts'

/** A login node: a real SSH server whose logins speak with a real Slurm. */
export interface LoginNode {
	sshd: Sshd
	at: RunHome
	link: Link
	/** Puts a program before the system's own of that name. */
	program(name: string, text: string): Promise<void>
	/** Logs in once more. */
	newLink(): Promise<Link>
	dispose(): Promise<void>
}

export async function startLoginNode(slurm: Slurm): Promise<LoginNode> {
	const programs: { folder?: string } = {}
	const { sshd, at } = await makeHome(slurm, programs)
	const links: Link[] = []
	const newLink = async () => {
		const link = createLink({ name: 'lab', ssh: sshd.ssh })
		links.push(link)
		link.connect()
		await link.whenUp(20_000)
		return link
	}
	return {
		sshd,
		at,
		link: await newLink(),
		newLink,
		async program(name, text) {
			const path = join(programs.folder ?? '', name)
			await writeFile(path, text)
			await chmod(path, 0o755)
		},
		async dispose() {
			for (const link of links) await link.dispose()
			await at.dispose()
			await sshd.stop()
		},
	}
}

async function makeHome(slurm: Slurm, programs: { folder?: string }) {
	// Its own folder is known only once it is there, so its programs lie beside it.
	const at = await makeRunHome()
	const folder = join(at.home, '../programs')
	programs.folder = folder
	await mkdir(folder, { recursive: true })
	const sshd = await startSshd({
		homeName: "a ho%jme's",
		env: { ...slurm.env, PATH: `${folder}:/usr/local/bin:/usr/bin:/bin` },
	})
	const own = await makeRunHome({ home: sshd.home })
	return {
		sshd,
		at: {
			...own,
			dispose: async () => {
				await own.dispose()
				await at.dispose()
			},
		},
	}
}
