//! Why a figure is not visible.

use super::sentences::sentences;

sentences! {
    /// Why nobody knows a figure.
    Why {
        NotReached "not_reached" "not reached" "도달하지 않음";
        NotYet "not_yet" "not yet" "아직";
        NoTcp "no_tcp" "a unix socket has no TCP: no segments, no acknowledgements" "유닉스 소켓에는 TCP가 없음: 세그먼트도 ACK도 없음";
        NoTcpInfo "no_tcp_info" "this system has no TCP_INFO that reports it" "이 시스템의 TCP_INFO가 알려 주지 않음";
        NoSyn "no_syn" "the kernel kept no SYN (TCP_SAVED_SYN: Linux 4.3 or later, not under SYN cookies, and not of connections that are older than the server's wish for it)" "커널이 SYN을 남기지 않음(TCP_SAVED_SYN: 리눅스 4.3부터. SYN 쿠키일 때와 서버가 요청하기 전에 시작된 연결은 제외)";
        MaybeCookie "maybe_cookie" "the kernel kept no SYN, so it may have sent a SYN cookie: the round trip that it then reckons is up to 64 ms too long" "커널이 SYN을 남기지 않아 SYN 쿠키를 보냈을 수 있음. 그때 커널이 셈한 왕복 시간은 최대 64 ms 길게 나옴";
        HandshakeAgain "handshake_again" "the SYN+ACK was sent again, or the kernel did not take the first ACK: what it then reckons is longer than a round trip" "SYN+ACK가 다시 전송되었거나 커널이 첫 ACK를 받아들이지 않음. 그때 커널이 셈한 값은 왕복 시간보다 김";
        SynUnreadable "syn_unreadable" "the saved SYN cannot be parsed" "저장된 SYN을 해석할 수 없음";
        OwnSequence "own_sequence" "the kernel does not reveal its initial sequence number; packets would show it" "커널은 자기 초기 seq를 알려 주지 않음. 패킷에는 보임";
        SynTime "syn_time" "the kernel keeps the SYN, but not the time when it arrived" "커널은 SYN을 남기지만 도착 시각은 남기지 않음";
        SynAckTime "syn_ack_time" "it needs the time of the last ACK and the round trip, and one of them is not visible" "마지막 ACK의 시각과 왕복 시간이 모두 있어야 계산됨";
        QueueTooShort "queue_too_short" "the wait in the accept queue was too short for the kernel's clock, which counts in ticks" "수락 대기열에서 기다린 시간이 커널 시계의 틱보다 짧음";
        NotAsked "not_asked" "the kernel was not asked: SO_TIMESTAMPING is not available for this socket" "커널에 물을 수 없음: 이 소켓에는 SO_TIMESTAMPING을 쓸 수 없음";
        NoArrival "no_arrival" "the kernel was not asked in time, or the request came with the one before" "커널에 제때 묻지 않았거나, 앞 요청과 함께 도착함";
        OutOfOrder "out_of_order" "segments of this connection came out of order: the kernel's stamp of a read is that of its last segment, which may have come before the others; packets would show it" "이 연결의 세그먼트가 순서대로 오지 않음. 커널이 읽기에 붙이는 시각은 마지막 세그먼트의 것이고, 그것이 다른 것보다 먼저 왔을 수 있음. 패킷에는 보임";
        OrderUnknown "order_unknown" "the kernel does not say whether segments came in order (TCP_INFO of Linux 5.4 or later): its stamp of a read is that of its last segment, which may have come before the others" "세그먼트가 순서대로 왔는지 커널이 알려 주지 않음(리눅스 5.4부터의 TCP_INFO). 커널이 읽기에 붙이는 시각은 마지막 세그먼트의 것이고, 그것이 다른 것보다 먼저 왔을 수 있음";
        NoAcknowledgement "no_acknowledgement" "no acknowledgement of its last byte was reported" "마지막 바이트의 ACK가 보고되지 않음";
        PartEnded "part_ended" "not known in this part: it was to come when the part ended" "이 부분에서는 알 수 없음. 부분이 끝날 때 아직 오지 않음";
        BeforeItsCause "before_its_cause" "its time would be before that of its cause" "원인보다 이른 시각이 됨";
        HeadUnfinished "head_unfinished" "the head was refused or timed out before it was complete" "헤더가 끝나기 전에 거절되었거나 시간이 지남";
        NoFile "no_file" "the response was not made from a file" "파일에서 만든 응답이 아님";
        CloseUnseen "close_unseen" "nothing reported it" "보고되지 않음";
        ClientEndUnseen "client_end_unseen" "the server closed its socket before the other end's end was seen" "서버가 상대의 끝을 보기 전에 소켓을 닫음";
        ServerEndUnseen "server_end_unseen" "the client closed its socket before it saw the server's end" "클라이언트가 서버의 끝을 보기 전에 소켓을 닫음";
        BytesUnsent "bytes_unsent" "bytes before it waited to be sent, or a window had no room for it; packets would show when it left" "그 앞에 보내지 못한 바이트가 있었거나 윈도에 자리가 없었음. 언제 떠났는지는 패킷에 보임";
        SharedSocket "shared_socket" "the process that accepted the connection may have had the socket open still, and close(2) ends it only where it is the last one" "연결을 수락한 프로세스가 아직 소켓을 열어 두었을 수 있음. close(2)는 마지막일 때만 연결을 끝냄";
        OneClose "one_close" "close(2) ended both directions at once" "close(2)가 두 방향을 함께 끝냄";
        ProcessEnded "process_ended" "the process that served this connection was killed" "이 연결을 맡은 프로세스가 강제로 종료됨";
        ReportDropped "report_dropped" "the report of its end was dropped, for lack of room" "끝에 대한 보고가 자리가 없어 버려짐";
        ServerEnded "server_ended" "the server ended before it was reported" "보고되기 전에 서버가 끝남";
        NoStateNoEnd "no_state_no_end" "neither the socket's state nor an end of input was reported" "소켓 상태도 입력의 끝도 보고되지 않음";
        FirstUnknown "first_unknown" "it is not known which end closed first" "어느 쪽이 먼저 닫았는지 알 수 없음";
        NoConnection "no_connection" "there is no connection" "연결이 없음";
        NoStamp "no_stamp" "the kernel gave no timestamp with them" "커널이 시각을 함께 주지 않음";
        NotAcknowledgedInTime "not_acknowledged_in_time" "no acknowledgement of it came before the exchange was over" "교환이 끝나기 전에 ACK가 오지 않음";
        ReadAsWhole "read_as_whole" "the kernel's stamp of a read is that of the last segment of which it gave some: when the first came, packets would show" "커널이 읽기에 붙이는 시각은 그것이 준 마지막 세그먼트의 것. 첫 세그먼트가 온 때는 패킷에 보임";
        NotSeen "not_seen" "it is not among the packets that were seen" "캡처한 패킷에 없음";
        NotShown "not_shown" "packets of this connection were seen, and do not show it" "이 연결의 패킷을 캡처했지만 그것으로는 알 수 없음";
        BeginningNotSeen "beginning_not_seen" "packets are captured, and those with which this connection began are not among the ones that were read: those that passed unread are counted" "패킷을 캡처하지만, 이 연결을 시작한 패킷은 읽은 것 가운데 없음. 읽지 않고 지나간 패킷은 수를 셈";
        NoMoment "no_moment" "nothing reports when" "시각은 보고되지 않음";
    }
}
