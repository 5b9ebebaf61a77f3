import { homedir, userInfo } from 'node:os'
import { dirname, join } from 'node:path'
import { expandHome } from '../link/settings.ts'

/** Where ZeroTier One keeps what is needed to talk to its local service. Paths are absolute. */
export interface Places {
	/** The service's home folder, with its port file and its own token. */
	service: string
	/** Files with a token, in the order to try them; some may be missing, old or not ours to read. */
	tokens: string[]
	/** The service's own token, which all others are copies of. */
	source: string
	/** Where ZeroTier's own tool looks for the person's copy. */
	copy: string
	/** What is there when ZeroTier is installed. */
	programs: readonly string[]
	/** Asked when the port file is missing or out of date; null: none. */
	defaultPort: number | null
}

export interface PlacesOptions {
	platform?: NodeJS.Platform
	home?: string
	env?: NodeJS.ProcessEnv
	/** A token's file named in the settings; tried first. `~/` is the person's home. */
	tokenFile?: string | undefined
}

/**
 * The usual places of this system.
 *
 * The environment variable `HAWSER_ZEROTIER_HOME` names another home folder of the service, as `zerotier-one` takes
 * one for its last argument. It is for tests and for unusual installations: that folder alone then says whether ZeroTier
 * is there, and on which port.
 */
export function zerotierPlaces(options: PlacesOptions = {}): Places {
	const { platform = process.platform, home = homedir(), env = process.env } = options
	const usual = platform === 'darwin' ? onMac(home) : onLinux(home)
	const elsewhere = env.HAWSER_ZEROTIER_HOME || null
	const source = join(elsewhere ?? usual.service, 'authtoken.secret')
	const places = elsewhere
		? { ...usual, service: elsewhere, tokens: [source, usual.copy], source, programs: [], defaultPort: null }
		: usual
	if (options.tokenFile === undefined) return places
	return { ...places, tokens: [expandHome(options.tokenFile, home), ...places.tokens] }
}

function onMac(home: string): Places {
	const service = '/Library/Application Support/ZeroTier/One'
	const own = join(home, 'Library/Application Support/ZeroTier')
	const source = join(service, 'authtoken.secret')
	const copy = join(own, 'One/authtoken.secret')
	return {
		service,
		// The second is where ZeroTier's menu bar program keeps its copy.
		tokens: [copy, join(own, 'authtoken.secret'), source],
		source,
		copy,
		programs: ['/Applications/ZeroTier.app', '/usr/local/bin/zerotier-cli'],
		defaultPort: 9993,
	}
}

function onLinux(home: string): Places {
	const service = '/var/lib/zerotier-one'
	const source = join(service, 'authtoken.secret')
	const copy = join(home, '.zeroTierOneAuthToken')
	return {
		service,
		tokens: [source, copy],
		source,
		copy,
		programs: ['/usr/sbin/zerotier-one', '/usr/local/sbin/zerotier-one', '/usr/bin/zerotier-cli'],
		defaultPort: 9993,
	}
}

/** What the words about a token need for the command that makes a readable copy of it. */
export function grantFacts(places: Places, path: string, user = userInfo().username) {
	// A copy that is too old is renewed where it lies; the service's own token is not ours to write.
	const copy = path === places.source || dirname(path) === places.service ? places.copy : path
	return { path, source: places.source, copy, user }
}
