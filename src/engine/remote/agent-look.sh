# shellcheck disable=SC2154 # some come from lib.sh, agent-lib.sh and git-lib.sh
# How a project's coding agent stands. Changes nothing.
# $1 whole, or quick without the program and its login; $2 its session, $3 the repository, $4 its worktree, $5 its
# branch, $6 the base branch, $7 the first word of its command ('' where a shell has to tell), $8 claude or ''.
# Prints records:
#   agent.clock MS
#   agent.found PATH, agent.version TEXT, agent.login HOW   HOW is file, variable, helper,
#                        keychain, locked (keychain), none or none-mac
#   agent.no-tmux
#   agent.pane FACTS     when there is a session: dead;status;exit;activity;bell flag;bell;created, times in seconds
#   agent.screen LINE    the last lines with words on its screen
#   agent.head COMMIT COUNT   its branch, and how many commits on it the base branch lacks
#   agent.tree COUNT     its worktree is there with its branch: files in no commit

# Asks the login's shell. What its own files print is told from ours by the word in front.
# shellcheck disable=SC2088,SC2089,SC2090 # a shell's text, and a tilde as it was written
look_up() {
	read_login_shell
	# shellcheck disable=SC2016 # for the shell there
	HAWSER_LOOK='
		printf "\nhawser-path %s\n" "$PATH"
		[ -z "$HAWSER_WORD" ] || found=$(command -v -- "$HAWSER_WORD") && printf "hawser-found %s\n" "$found"
		for name in ANTHROPIC_API_KEY ANTHROPIC_AUTH_TOKEN CLAUDE_CODE_OAUTH_TOKEN \
			CLAUDE_CODE_USE_BEDROCK CLAUDE_CODE_USE_VERTEX CLAUDE_CODE_USE_FOUNDRY; do
			eval "[ -z \"\${$name-}\" ]" || echo hawser-key
		done
		printf "hawser-config %s\n" "${CLAUDE_CONFIG_DIR-}"'
	HAWSER_WORD=$1
	case $HAWSER_WORD in
	'~/'*) HAWSER_WORD=$HOME/${HAWSER_WORD#??} ;;
	esac
	export HAWSER_LOOK HAWSER_WORD
	# Where it will run, for a word that is a path of there.
	place "$2"
	cd -- "$at" 2>/dev/null || cd || return
	# shellcheck disable=SC2016
	looked=$(limited 10 "$login_shell" -lc 'exec /bin/sh -c "$HAWSER_LOOK"' 2>/dev/null)
	unset HAWSER_LOOK HAWSER_WORD
	login_path='' found='' login_key='' login_config=''
	while IFS= read -r line; do
		case $line in
		'hawser-path '*) login_path=${line#* } ;;
		'hawser-found '*) found=${line#* } ;;
		hawser-key) login_key=yes ;;
		'hawser-config '*) login_config=${line#* } ;;
		esac
	done <<-END
		$looked
	END
}

# Its first line with words; a program that does not know the option may say anything, or nothing for long.
tell_version() {
	version=$(PATH=$login_path && export PATH && limited 5 "$1" --version 2>/dev/null | tr -d '\000-\011\013-\037' |
		LC_ALL=C sed -e '/^ *$/d' -e 's/^ *//' | head -n 1 | LC_ALL=C cut -c 1-120)
	say agent.version "$version"
}

# Claude Code keeps its login in a file (mode 0600) or on a Mac in the keychain; a key, a token or a cloud in the
# environment comes first, and a helper may fetch one. Only whether something is there is looked at, never what.
tell_login() {
	config=${login_config:-$HOME/.claude}
	login=none
	if [ -n "$login_key" ]; then
		login=variable
	elif grep -q '"apiKeyHelper"' "$config/settings.json" 2>/dev/null; then
		login=helper
	elif [ -s "$config/.credentials.json" ]; then
		login='file'
	elif [ "$(uname -s)" = Darwin ] && limited 5 security find-generic-password -s 'Claude Code-credentials' >/dev/null 2>&1; then
		login=keychain
		# Over SSH nobody is asked to unlock it.
		limited 5 security show-keychain-info >/dev/null 2>&1 || login=locked
	elif [ "$(uname -s)" = Darwin ]; then
		login=none-mac
	fi
	say agent.login "$login"
}

look_whole() {
	(
		look_up "$1" "$2"
		if [ -z "$1" ]; then
			say agent.found ''
		elif [ -n "$found" ]; then
			say agent.found "$found"
			case $found in /*) tell_version "$found" ;; esac
		else
			exit 0
		fi
		[ "$3" != claude ] || tell_login
	)
}

look_at_session() {
	command -v tmux >/dev/null 2>&1 || {
		say agent.no-tmux
		return
	}
	find_agent "$1" || return 0
	say agent.pane "$pane_facts"
	# In UTF-8, whatever the locale: else its signs would be underscores.
	limited 5 tmux -u capture-pane -p -J -t "$pane" 2>/dev/null | tr -d '\000-\011\013-\037' |
		LC_ALL=C sed -e '/^ *$/d' -e 's/ *$//' | tail -n 20 | LC_ALL=C cut -c 1-400 |
		LC_ALL=C sed 's/^/agent.screen	/'
}

look_at_branch() {
	side='The workstation'
	git_surroundings
	open_repository "$1"
	read_commits "$3" "$4"
	[ -z "$commit_at" ] ||
		say agent.head "$commit_at" "$(git rev-list --count "$commit_at" ${commit_also:+"^$commit_also"} -- 2>/dev/null)"
	if enter_worktree "$2" "$3"; then
		say agent.tree "$(git --no-optional-locks status --porcelain -z --no-renames --untracked-files=all \
			--ignore-submodules=dirty 2>/dev/null | as_lines | grep -c .)"
	fi
}

say agent.clock "$(now_ms)"
[ "$1" != whole ] || look_whole "$7" "$4" "$8"
look_at_session "$2"
(look_at_branch "$3" "$4" "$5" "$6") </dev/null
exit 0
