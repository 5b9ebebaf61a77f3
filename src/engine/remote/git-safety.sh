# What operations kept in a repository, and where its branches are. Arguments: side repository. Changes nothing.

git_safety() {
	side=$1
	git_surroundings
	open_repository "$2"
	say git.path "$repository"
	[ ! -e "$common/hawser-journal" ] || say git.journal "$common/hawser-journal"
	git for-each-ref '--format=safety.ref%09%(objectname)%09%(refname)' refs/hawser/safety/ refs/heads/ ||
		fail git-failed "side=$side" 'what=list its branches' 'reason=for-each-ref failed'
	say result
}

(git_safety "$@") </dev/null
