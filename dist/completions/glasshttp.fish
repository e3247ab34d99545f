# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_glasshttp_global_optspecs
    string join \n h/help V/version p/port= lan b/bind= trust= host= spa hidden no-listing follow-symlinks header= cache-control= open log= watch= no-watch lang= model= workers= keep-alive= timeout= grace= linger= max-connections= backlog= cache= user= no-sandbox
end

function __fish_glasshttp_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_glasshttp_global_optspecs) -- $cmd 2>/dev/null
    or argparse -s (__fish_glasshttp_global_optspecs) -- $cmd[1..-2] 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_glasshttp_using_subcommand
    set -l cmd (__fish_glasshttp_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c glasshttp -n "__fish_glasshttp_needs_command" -s p -l port -d 'Port to listen on; 0 takes any free one [default: 8080, or the next free one]' -r
complete -c glasshttp -n "__fish_glasshttp_needs_command" -s b -l bind -d 'Address or unix:PATH to listen on; with proxy: before it, the PROXY protocol is expected there; repeatable [default: 127.0.0.1 and ::1]' -r
complete -c glasshttp -n "__fish_glasshttp_needs_command" -l trust -d 'Believe this proxy (an address, a network or unix) about its client (Forwarded, X-Forwarded-For); repeatable' -r
complete -c glasshttp -n "__fish_glasshttp_needs_command" -l host -d 'Respond to this host name, besides localhost; repeatable; * is any [with --bind or --lan, and no name: any]' -r
complete -c glasshttp -n "__fish_glasshttp_needs_command" -l header -d 'Add a header field to every response of the site; repeatable' -r
complete -c glasshttp -n "__fish_glasshttp_needs_command" -l cache-control -d 'Cache-Control of files, or of those that GLOB names; repeatable, the last match decides [default: no-cache]' -r
complete -c glasshttp -n "__fish_glasshttp_needs_command" -l log -d 'What to write to standard output [default: short on a terminal, else common]' -r -f -a "story\t'Each connection, from its SYN to its end, for people'
short\t'A line per request, for people'
common\t'Common Log Format: a line per exchange'
combined\t'The same with referer and user agent'
json\t'A JSON object per connection: docs/records.md'
json-requests\t'A JSON object per exchange, at its end, with its duration: docs/records.md'
pcapng\t'Whole packets, for wireshark -k -i -'
off\t'Nothing'"
complete -c glasshttp -n "__fish_glasshttp_needs_command" -l watch -d 'Where the live page is: PORT, ADDRESS or ADDRESS:PORT [default: 8081 or the next free port, if only loopback is served]' -r
complete -c glasshttp -n "__fish_glasshttp_needs_command" -l lang -d 'Language of messages, pages and listings [default: by LC_ALL, LC_MESSAGES or LANG]' -r -f -a "en\t''
ko\t''"
complete -c glasshttp -n "__fish_glasshttp_needs_command" -l model -d 'Serve clients one after another, with a process or a thread for each, or with event loops for all' -r -f -a "iterative\t''
process\t''
thread\t''
multiplex\t''"
complete -c glasshttp -n "__fish_glasshttp_needs_command" -l workers -d 'Event loops of the multiplex model [default: one per core]' -r
complete -c glasshttp -n "__fish_glasshttp_needs_command" -l keep-alive -d 'Close a keep-alive connection that was idle for this long; 0 keeps none open' -r
complete -c glasshttp -n "__fish_glasshttp_needs_command" -l timeout -d 'Wait this long for a request\'s head, and three times as long for a client that reads nothing of its response' -r
complete -c glasshttp -n "__fish_glasshttp_needs_command" -l grace -d 'After the order to stop, finish open connections for this long' -r
complete -c glasshttp -n "__fish_glasshttp_needs_command" -l linger -d 'After the order to stop, go on accepting for this long; each response then closes its connection' -r
complete -c glasshttp -n "__fish_glasshttp_needs_command" -l max-connections -d 'Serve this many connections at once; further ones wait in the backlog [default: 1024; 65536 for multiplex]' -r
complete -c glasshttp -n "__fish_glasshttp_needs_command" -l backlog -d 'Let this many connections wait for accept' -r
complete -c glasshttp -n "__fish_glasshttp_needs_command" -l cache -d 'Memory in which each event loop keeps files that it served; 0 keeps none' -r
complete -c glasshttp -n "__fish_glasshttp_needs_command" -l user -d 'Serve as this user, when started as root [default: who called sudo, else the folder\'s owner, else nobody]' -r
complete -c glasshttp -n "__fish_glasshttp_needs_command" -s h -l help -d 'Print help'
complete -c glasshttp -n "__fish_glasshttp_needs_command" -s V -l version -d 'Print the version'
complete -c glasshttp -n "__fish_glasshttp_needs_command" -l lan -d 'Listen on every interface, for the local network'
complete -c glasshttp -n "__fish_glasshttp_needs_command" -l spa -d 'Serve the root\'s index.html for paths that name nothing'
complete -c glasshttp -n "__fish_glasshttp_needs_command" -l hidden -d 'Serve and list names that begin with a dot'
complete -c glasshttp -n "__fish_glasshttp_needs_command" -l no-listing -d 'Respond 404 for folders without index.html instead of listing them'
complete -c glasshttp -n "__fish_glasshttp_needs_command" -l follow-symlinks -d 'Follow symbolic links that lead out of the folder'
complete -c glasshttp -n "__fish_glasshttp_needs_command" -l open -d 'Open the site in a browser'
complete -c glasshttp -n "__fish_glasshttp_needs_command" -l no-watch -d 'Serve no live page; with --watch, only /metrics is there'
complete -c glasshttp -n "__fish_glasshttp_needs_command" -l no-sandbox -d 'Switch the sandbox off: for kernels on which it does not work'
complete -c glasshttp -n "__fish_glasshttp_needs_command" -a "fetch" -d 'Fetch URLs, and show each stage'
complete -c glasshttp -n "__fish_glasshttp_needs_command" -a "lab" -d 'Experiments on a wire that is this program: predict, run, see every segment'
complete -c glasshttp -n "__fish_glasshttp_needs_command" -a "lesson" -d 'Serve the built-in lesson on HTTP and TCP, with its live page'
complete -c glasshttp -n "__fish_glasshttp_needs_command" -a "show" -d 'Show a saved log (--log json), or a fetch (fetch --json), in the terminal'
complete -c glasshttp -n "__fish_glasshttp_needs_command" -a "help" -d 'Print this help, or that of a command'
complete -c glasshttp -n "__fish_glasshttp_using_subcommand fetch" -l http -d 'Speak this version of HTTP' -r -f -a "0.9\t''
1.0\t''
1.1\t''"
complete -c glasshttp -n "__fish_glasshttp_using_subcommand fetch" -s X -l method -d 'Use this method [default: GET; POST with --data]' -r
complete -c glasshttp -n "__fish_glasshttp_using_subcommand fetch" -s d -l data -d 'Send this as a form (POST); repeatable, joined by &' -r
complete -c glasshttp -n "__fish_glasshttp_using_subcommand fetch" -l data-file -d 'Send this file (POST); - is standard input' -r -F
complete -c glasshttp -n "__fish_glasshttp_using_subcommand fetch" -s H -l header -d 'Send this header field; repeatable' -r
complete -c glasshttp -n "__fish_glasshttp_using_subcommand fetch" -l repeat -d 'Fetch every URL this many times' -r
complete -c glasshttp -n "__fish_glasshttp_using_subcommand fetch" -l dribble -d 'Send one byte at a time, at this interval, as in 5ms' -r
complete -c glasshttp -n "__fish_glasshttp_using_subcommand fetch" -l read-rate -d 'Read this many bytes per second, as in 100k, with a small receive buffer' -r
complete -c glasshttp -n "__fish_glasshttp_using_subcommand fetch" -l abort-after -d 'Reset the connection after this many bytes of the body, as in 1k' -r
complete -c glasshttp -n "__fish_glasshttp_using_subcommand fetch" -l timeout -d 'Wait this long for the name, the connection and the head, each, and for a body to go on, either way' -r
complete -c glasshttp -n "__fish_glasshttp_using_subcommand fetch" -s o -l output -d 'Write the body to this file; until it is complete, it is FILE.part' -r -F
complete -c glasshttp -n "__fish_glasshttp_using_subcommand fetch" -l har -d 'Write a HAR 1.2 file, for a browser\'s developer tools; - is standard output' -r -F
complete -c glasshttp -n "__fish_glasshttp_using_subcommand fetch" -l dns -d 'Query this name server instead of the system\'s' -r
complete -c glasshttp -n "__fish_glasshttp_using_subcommand fetch" -l root -d 'Begin that walk at this root server; repeatable' -r
complete -c glasshttp -n "__fish_glasshttp_using_subcommand fetch" -l watch -d 'Show the server\'s half, too, from its live page or JSON log [default: port 8081, of a glasshttp on this machine]' -r
complete -c glasshttp -n "__fish_glasshttp_using_subcommand fetch" -l lang -d 'Language of messages, pages and listings [default: by LC_ALL, LC_MESSAGES or LANG]' -r -f -a "en\t''
ko\t''"
complete -c glasshttp -n "__fish_glasshttp_using_subcommand fetch" -l head -d 'Request only the response\'s head (HEAD), and print it'
complete -c glasshttp -n "__fish_glasshttp_using_subcommand fetch" -s L -l follow -d 'Follow redirects, at most ten'
complete -c glasshttp -n "__fish_glasshttp_using_subcommand fetch" -s k -l keep-alive -d 'Keep the connection open, and reuse it for the next URL'
complete -c glasshttp -n "__fish_glasshttp_using_subcommand fetch" -s 4 -l ipv4 -d 'Use only IPv4'
complete -c glasshttp -n "__fish_glasshttp_using_subcommand fetch" -s 6 -l ipv6 -d 'Use only IPv6'
complete -c glasshttp -n "__fish_glasshttp_using_subcommand fetch" -l half-close -d 'Close the sending side after the request (half-close)'
complete -c glasshttp -n "__fish_glasshttp_using_subcommand fetch" -s O -l remote-name -d 'Write the body to a file with the URL\'s own name'
complete -c glasshttp -n "__fish_glasshttp_using_subcommand fetch" -s C -l continue -d 'Continue an earlier download of the same URL by GET; what another method or a body gets, starts over'
complete -c glasshttp -n "__fish_glasshttp_using_subcommand fetch" -s f -l fail -d 'Treat a status of 400 or more as a failure, and drop its body'
complete -c glasshttp -n "__fish_glasshttp_using_subcommand fetch" -s q -l quiet -d 'Show no story and no progress'
complete -c glasshttp -n "__fish_glasshttp_using_subcommand fetch" -s v -l verbose -d 'Show the heads of request and response, too (also --heads)'
complete -c glasshttp -n "__fish_glasshttp_using_subcommand fetch" -l json -d 'Print the record as JSON, in place of body and story'
complete -c glasshttp -n "__fish_glasshttp_using_subcommand fetch" -l trace-dns -d 'Walk from the root of the DNS to the name, and show each referral'
complete -c glasshttp -n "__fish_glasshttp_using_subcommand fetch" -s h -l help -d 'Print help'
complete -c glasshttp -n "__fish_glasshttp_using_subcommand lab" -l answer -d 'Your prediction; without it you are asked for one' -r
complete -c glasshttp -n "__fish_glasshttp_using_subcommand lab" -l wire -d 'Delay, rate or rules for the wire in place of the experiment\'s own' -r
complete -c glasshttp -n "__fish_glasshttp_using_subcommand lab" -l pcapng -d 'Write a capture that Wireshark opens' -r -F
complete -c glasshttp -n "__fish_glasshttp_using_subcommand lab" -l svg -d 'Write the drawing as SVG' -r -F
complete -c glasshttp -n "__fish_glasshttp_using_subcommand lab" -l record -d 'Perform all experiments, or those named behind DIR, and write each run to this folder as JSON and SVG, with a page that shows them (glasshttp DIR)' -r -F
complete -c glasshttp -n "__fish_glasshttp_using_subcommand lab" -l server -d 'Your own server, a command for the shell; needs a client behind --' -r
complete -c glasshttp -n "__fish_glasshttp_using_subcommand lab" -l lang -d 'Language of messages, pages and listings [default: by LC_ALL, LC_MESSAGES or LANG]' -r -f -a "en\t''
ko\t''"
complete -c glasshttp -n "__fish_glasshttp_using_subcommand lab" -l textbook -d 'TCP as in the books: no SACK, timestamps, window scaling, RACK or tail probes'
complete -c glasshttp -n "__fish_glasshttp_using_subcommand lab" -l json -d 'Print one JSON document: facts, segments, calls'
complete -c glasshttp -n "__fish_glasshttp_using_subcommand lab" -l blank -d 'Leave five figures of the drawing blank, and ask for them'
complete -c glasshttp -n "__fish_glasshttp_using_subcommand lab" -s h -l help -d 'Print help'
complete -c glasshttp -n "__fish_glasshttp_using_subcommand lesson" -s p -l port -d 'Port to listen on; 0 takes any free one [default: 8080, or the next free one]' -r
complete -c glasshttp -n "__fish_glasshttp_using_subcommand lesson" -l log -d 'What to write to standard output [default: short on a terminal, else common]' -r -f -a "story\t'Each connection, from its SYN to its end, for people'
short\t'A line per request, for people'
common\t'Common Log Format: a line per exchange'
combined\t'The same with referer and user agent'
json\t'A JSON object per connection: docs/records.md'
json-requests\t'A JSON object per exchange, at its end, with its duration: docs/records.md'
pcapng\t'Whole packets, for wireshark -k -i -'
off\t'Nothing'"
complete -c glasshttp -n "__fish_glasshttp_using_subcommand lesson" -l watch -d 'Where the live page is: PORT, ADDRESS or ADDRESS:PORT [default: 8081 or the next free port, if only loopback is served]' -r
complete -c glasshttp -n "__fish_glasshttp_using_subcommand lesson" -l lang -d 'Language of messages, pages and listings [default: by LC_ALL, LC_MESSAGES or LANG]' -r -f -a "en\t''
ko\t''"
complete -c glasshttp -n "__fish_glasshttp_using_subcommand lesson" -l lan -d 'Listen on every interface, for the local network'
complete -c glasshttp -n "__fish_glasshttp_using_subcommand lesson" -l open -d 'Open the site in a browser'
complete -c glasshttp -n "__fish_glasshttp_using_subcommand lesson" -l no-watch -d 'Serve no live page; with --watch, only /metrics is there'
complete -c glasshttp -n "__fish_glasshttp_using_subcommand lesson" -s h -l help -d 'Print help'
complete -c glasshttp -n "__fish_glasshttp_using_subcommand show" -l lang -d 'Language of messages, pages and listings [default: by LC_ALL, LC_MESSAGES or LANG]' -r -f -a "en\t''
ko\t''"
complete -c glasshttp -n "__fish_glasshttp_using_subcommand show" -s h -l help -d 'Print help'
complete -c glasshttp -n "__fish_glasshttp_using_subcommand help" -l lang -d 'Language of messages, pages and listings [default: by LC_ALL, LC_MESSAGES or LANG]' -r -f -a "en\t''
ko\t''"
complete -c glasshttp -n "__fish_glasshttp_using_subcommand help" -s h -l help -d 'Print help'
