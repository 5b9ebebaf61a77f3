/** Whether CUDA `one` is newer than `other`, both as `12.8`. */
export function newerCuda(one: string, other: string): boolean {
	const [major = 0, minor = 0] = one.split('.').map(Number)
	const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number)
	return major > otherMajor || (major === otherMajor && minor > otherMinor)
}

/**
 * Whether a build with code for `archs`, as torch lists them, runs on a card of capability `8.9`. Code for `sm_80` runs
 * on 8.0 and later of the same major version, `sm_90a` on 9.0 alone, `sm_120f` on its family, and `compute_80` is
 * translated for everything from 8.0 on (CUDA C++ Programming Guide, "Binary compatibility" and "PTX compatibility").
 */
export function runsOn(archs: readonly string[], capability: string): boolean {
	const [major = 0, minor = 0] = capability.split('.').map(Number)
	return archs.some((arch) => {
		const [, kind, digits = '', variant] = /^(sm|compute)_(\d+)([a-z]?)$/.exec(arch) ?? []
		const builtMajor = Math.floor(Number(digits) / 10)
		const builtMinor = Number(digits) % 10
		if (variant === 'a') return builtMajor === major && builtMinor === minor
		if (kind === 'sm' || variant === 'f') return builtMajor === major && builtMinor <= minor
		return kind === 'compute' && (builtMajor < major || (builtMajor === major && builtMinor <= minor))
	})
}
