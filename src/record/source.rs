//! Who reported a figure, or what it was computed from.

use super::sentences::sentences;

sentences! {
    /// Where a figure comes from: the call or the facility that reported it, or
    /// what it was computed from, and how.
    Source {
        Accept "accept" "accept(2) returned" "accept(2)가 돌아옴";
        SavedSyn "saved_syn" "TCP_SAVED_SYN" "TCP_SAVED_SYN";
        TcpInfo "tcp_info" "TCP_INFO" "TCP_INFO";
        AgeAtAccept "age_at_accept" "TCP_INFO: age of the complete connection at accept (tcpi_last_data_sent), counted in ticks of the kernel's clock, often 4 ms" "TCP_INFO: 수락할 때 연결의 나이(tcpi_last_data_sent). 커널 시계의 틱(흔히 4 ms) 단위";
        AckBeforeAccept "ack_before_accept" "from the ACK of the handshake, among the packets, to accept(2)" "패킷에서 본 핸드셰이크의 ACK부터 accept(2)까지";
        ArrivalBeforeAccept "arrival_before_accept" "the first bytes had arrived by then, and the ACK before them" "첫 바이트가 그때 이미 도착했고, ACK는 그보다 먼저임";
        ListenerTcpInfo "listener_tcp_info" "TCP_INFO of the listening socket" "리스닝 소켓의 TCP_INFO";
        ConnectOver "connect_over" "connect(2) was over at the client by then, so it had left" "그때 클라이언트의 connect(2)가 끝났으므로 이미 떠났음";
        AckLessRtt "ack_less_rtt" "the last ACK's time less the round trip" "마지막 ACK의 시각에서 왕복 시간을 뺌";
        Complete "complete" "the connection is complete, so it came" "연결이 완성되었으므로 왔음";
        SynPlusOne "syn_plus_one" "the SYN's sequence number plus 1" "SYN의 seq에 1을 더함";
        ReceiveStamp "receive_stamp" "SO_TIMESTAMPING (receive)" "SO_TIMESTAMPING(수신)";
        FirstReceiveStamp "first_receive_stamp" "SO_TIMESTAMPING (receive), of what the first read gave" "SO_TIMESTAMPING(수신), 첫 읽기가 준 바이트의 시각";
        AcknowledgementStamp "acknowledgement_stamp" "SO_TIMESTAMPING (acknowledgement)" "SO_TIMESTAMPING(ACK)";
        ClockAfterRecv "clock_after_recv" "clock after recv(2)" "recv(2) 뒤의 시계";
        ClockAfterParsing "clock_after_parsing" "clock after parsing" "해석한 뒤의 시계";
        ClockAfterHandler "clock_after_handler" "clock after the handler" "핸들러 뒤의 시계";
        ClockBeforeSend "clock_before_send" "clock before the send(2) that took them" "바이트를 넘긴 send(2) 앞의 시계";
        ClockBeforeSendfile "clock_before_sendfile" "clock before the send(2) or sendfile(2) that took them" "바이트를 넘긴 send(2)나 sendfile(2) 앞의 시계";
        ClockBeforeShutdown "clock_before_shutdown" "clock before shutdown(2)" "shutdown(2) 앞의 시계";
        ClockAtClose "clock_at_close" "clock at close(2)" "close(2)할 때의 시계";
        ClockBeforeClose "clock_before_close" "clock before close(2)" "close(2) 앞의 시계";
        ClockAfterClose "clock_after_close" "clock after close(2)" "close(2) 뒤의 시계";
        ClockAfterShutdown "clock_after_shutdown" "clock after shutdown(2)" "shutdown(2) 뒤의 시계";
        Clock "clock" "the program's clock" "프로그램의 시계";
        Calls "calls" "what recv(2), send(2) and sendfile(2) returned" "recv(2), send(2), sendfile(2)의 반환값";
        Handler "handler" "the handler" "핸들러";
        Head "head" "the head as it was read or sent" "읽거나 보낸 그대로의 헤더";
        EndOfInput "end_of_input" "clock after recv(2) returned 0" "recv(2)가 0을 돌려준 뒤의 시계";
        StateBeforeShutdown "state_before_shutdown" "TCP_INFO's state right before shutdown(2)" "shutdown(2) 직전 TCP_INFO의 상태";
        StateBeforeClose "state_before_close" "TCP_INFO's state right before close(2)" "close(2) 직전 TCP_INFO의 상태";
        TcpInfoBeforeClose "tcp_info_before_close" "TCP_INFO right before close(2)" "close(2) 직전의 TCP_INFO";
        StateAtAccept "state_at_accept" "TCP_INFO's state at accept" "수락할 때 TCP_INFO의 상태";
        Reset "reset" "ECONNRESET or EPIPE" "ECONNRESET 또는 EPIPE";
        NoLinger "no_linger" "SO_LINGER 0 and close(2)" "SO_LINGER 0과 close(2)";
        UnreadAtClose "unread_at_close" "close(2) with bytes unread" "읽지 않은 바이트를 두고 close(2)";
        EndBeforeClose "end_before_close" "the order of the end of input and close(2)" "입력의 끝과 close(2)의 순서";
        EndBeforeShutdown "end_before_shutdown" "the order of the end of input and shutdown(2)" "입력의 끝과 shutdown(2)의 순서";
        NoEndBeforeClose "no_end_before_close" "no end of input had come before close(2)" "close(2) 전에 입력의 끝이 오지 않음";
        CloseEnds "close_ends" "close(2) ends what was not ended before" "close(2)가 아직 끝나지 않은 것을 끝냄";
        NothingUnsent "nothing_unsent" "TCP_INFO right before it: no more than one segment waited to be sent, and both windows, the other end's and the congestion window, had room, so the FIN left at once" "그 직전의 TCP_INFO: 보내려고 기다리는 것이 세그먼트 하나 이하이고 상대의 윈도와 혼잡 윈도에 모두 자리가 있었으므로 FIN은 바로 떠남";
        ShutdownSends "shutdown_sends" "shutdown(2) sends a FIN behind the last byte" "shutdown(2)는 마지막 바이트 뒤에 FIN을 보냄";
        ResetLeavesNothing "reset_leaves_nothing" "a reset leaves no state" "리셋은 상태를 남기지 않음";
        FirstWaits "first_waits" "which end closed first" "먼저 닫은 쪽";
        FinsCrossed "fins_crossed" "each end's FIN had left before the other's came (CLOSING)" "서로의 FIN이 오기 전에 각자 FIN을 보냄(CLOSING)";
        SockDiagBoth "sock_diag_both" "sock_diag: both ends are in TIME_WAIT" "sock_diag: 양쪽이 TIME_WAIT";
        SockDiagServer "sock_diag_server" "sock_diag: the server's end is in TIME_WAIT" "sock_diag: 서버 쪽이 TIME_WAIT";
        SockDiagClient "sock_diag_client" "sock_diag: the end that connected is in TIME_WAIT" "sock_diag: 연결을 연 쪽이 TIME_WAIT";
        SockDiag "sock_diag" "sock_diag" "sock_diag";
        Restrictions "restrictions" "landlock_restrict_self(2), seccomp(2), prctl(2) and setresuid(2)" "landlock_restrict_self(2), seccomp(2), prctl(2), setresuid(2)";
        Packets "packets" "the packets" "패킷";
    }
}
