% What procbench measures of processes, in Erlang: spawn until the last one has
% answered, the memory of one that waits, a ring with one token, and killing.
-module(mtbench).
-export([main/2, member/0]).

main(Many, Repeat) ->
    Spawn = median([spawned(20000) || _ <- lists:seq(1, Repeat)]),
    say(spawn_us, Spawn / 1000),
    say(spawns_per_s, 1.0e9 / Spawn),
    %% The system counts in pages and keeps what others left: few processes
    %% would be lost in it.
    say(idle_bytes, idle(max(Many, 50000))),
    say(hop_ns, hop(1000, 1000000, Repeat)),
    say("hop_ns_" ++ integer_to_list(Many div 1000) ++ "k", hop(Many, 5 * Many, Repeat)),
    say(kill_us, kill(Repeat)).

say(Name, V) -> io:format("~s ~f~n", [Name, V * 1.0]).

median(Vs) -> lists:nth(length(Vs) div 2 + 1, lists:sort(Vs)).

now_ns() -> erlang:monotonic_time(nanosecond).

% A member knows the next one and sends the token there.
member() ->
    receive {next, Next, Boss} -> member(Next, Boss) end.
member(Next, Boss) ->
    receive
        <<N:64>> when N =< 1 -> Boss ! done, member(Next, Boss);
        <<N:64>> -> Next ! <<(N - 1):64>>, member(Next, Boss)
    end.

ring(N) ->
    First = spawn(?MODULE, member, []),
    Rest = [spawn(?MODULE, member, []) || _ <- lists:seq(2, N)],
    All = [First | Rest],
    lists:foreach(fun({P, Next}) -> P ! {next, Next, self()} end, lists:zip(All, Rest ++ [First])),
    All.

round(First, N) -> First ! <<N:64>>, receive done -> ok end.

stop(All) ->
    lists:foreach(fun(P) -> exit(P, kill) end, All),
    lists:foreach(fun(P) -> M = monitor(process, P), receive {'DOWN', M, _, _, _} -> ok end end, All).

spawned(N) ->
    T = now_ns(),
    All = ring(N),
    round(lists:last(All), 1),
    D = now_ns() - T,
    stop(All),
    D / N.

% What the system counts, where it can be asked.
resident() ->
    case file:read_file("/proc/self/status") of
        {ok, S} ->
            case re:run(S, "VmRSS:\\s+(\\d+)", [{capture, [1], list}]) of
                {match, [Kb]} -> list_to_integer(Kb) * 1024;
                _ -> erlang:memory(total)
            end;
        _ -> erlang:memory(total)
    end.

idle(N) ->
    erlang:garbage_collect(),
    Before = resident(),
    All = ring(N),
    round(lists:last(All), 1),
    After = resident(),
    stop(All),
    (After - Before) / N.

hop(N, Hops, Repeat) ->
    [First | _] = All = ring(N),
    round(First, 2 * N),
    V = median([begin T = now_ns(), round(First, Hops), (now_ns() - T) / Hops end || _ <- lists:seq(1, Repeat)]),
    stop(All),
    V.

kill(Repeat) ->
    median([begin
        P = spawn(fun Loop() -> Loop() end),
        receive after 10 -> ok end,
        T = now_ns(),
        exit(P, kill),
        M = monitor(process, P),
        receive {'DOWN', M, _, _, _} -> ok end,
        (now_ns() - T) / 1000
    end || _ <- lists:seq(1, 10 * Repeat)]).
