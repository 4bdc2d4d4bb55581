/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The first process of a Linux guest: it debugs a child through ptrace, which Linux does with PER, and says what it
 * has found.  No library: the system calls are made here.
 */

enum { EXIT = 1, FORK = 2, WRITE = 4, GETPID = 20, PTRACE = 26, KILL = 37, REBOOT = 88, WAIT4 = 114 };
enum { TRACE_ME = 0, PEEK_USER = 3, POKE_USER = 6, CONTINUE = 7, SINGLE_STEP = 9, SINGLE_BLOCK = 12 };
/* In the area of a process that ptrace shows: the PSW's address, and what the debugger asks of PER and is told. */
enum { PSW_ADDRESS = 8, PER_EVENTS = 352, PER_START = 384, PER_END = 392, PER_CODE = 400, PER_ADDRESS = 408 };

static const unsigned long STORAGE_ALTERATION = 0x20000000;
static const int SIGNAL_STOP = 19, SIGNAL_TRAP = 5;

static long call(long number, long first, long second, long third, long fourth)
{
    register long r1 asm("1") = number;
    register long r2 asm("2") = first;
    register long r3 asm("3") = second;
    register long r4 asm("4") = third;
    register long r5 asm("5") = fourth;

    asm volatile("svc 0" : "+d"(r2) : "d"(r1), "d"(r3), "d"(r4), "d"(r5) : "memory", "cc");
    return r2;
}

static void print(const char *text)
{
    unsigned long length = 0;

    while (text[length])
        length++;
    call(WRITE, 1, (long)text, (long)length, 0);
}

static void print_number(unsigned long number)
{
    char digits[24], *first = digits + sizeof(digits) - 1;

    *first = 0;
    do
        *--first = (char)('0' + number % 10);
    while (number /= 10);
    print(first);
}

static void say(const char *what, unsigned long found)
{
    print("debugger: ");
    print(what);
    print(" ");
    print_number(found);
    print("\n");
}

/*
 * What is stepped: 23 instructions.  Eight are those of the loop, six lead to 4: (with an EXRL, a system call under EX
 * and another one), three to 5: by way of 3:, and six remain, of which the last moves two pages that are not there yet.
 * Ten branches are successful: six of the loop, the four from the one to 4: to the one to 5:, the next instruction.
 */
extern const char stepped[], stepped_end[], watched_end[];
static char area[3 * 4096] __attribute__((aligned(4096), used));
static volatile long watched __attribute__((used));

asm(".text\n"
    ".globl stepped, stepped_end, watched_end, run\n"
    "run:\n"
    "    stmg 6, 15, 48(15)\n"
    "stepped:\n"
    "    lghi 2, 7\n"
    "0:  brctg 2, 0b\n"
    "    exrl 0, 1f\n"
    "    lghi 1, 20\n"
    "    larl 3, 2f\n"
    "    ex 0, 0(3)\n"
    "    svc 20\n"
    "    j 4f\n"
    "1:  lgr 6, 2\n"
    "2:  svc 0\n"
    "3:  br 14\n"
    "4:  bras 14, 3b\n"
    "    j 5f\n"
    "5:  larl 8, area\n"
    "    lgfi 9, 8192\n"
    "    lgr 10, 8\n"
    "    la 10, 1(10)\n"
    "    lgr 11, 9\n"
    "    mvcl 8, 10\n"
    "stepped_end:\n"
    "    larl 1, watched\n"
    "    mvi 7(1), 1\n"
    "    lg 2, 0(1)\n"
    "    mvi 8(1), 2\n"
    "    stg 2, 0(1)\n"
    "watched_end:\n"
    "    lmg 6, 15, 48(15)\n"
    "    br 14\n");
extern void run(void);

static unsigned long look(long child, long where)
{
    unsigned long found = 0;

    call(PTRACE, PEEK_USER, child, where, (long)&found);
    return found;
}

/* Wait until the child stops or ends; whether it was stopped by the signal. */
static int stopped_by(long child, int signal)
{
    int status = 0;

    call(WAIT4, child, (long)&status, 0, 0);
    return status == (signal << 8 | 0x7F);
}

/* Have a child that stops before it runs what is to be debugged. */
static long start(void)
{
    long child = call(FORK, 0, 0, 0, 0);

    if (child == 0) {
        call(PTRACE, TRACE_ME, 0, 0, 0);
        call(KILL, call(GETPID, 0, 0, 0, 0), SIGNAL_STOP, 0, 0);
        run();
        call(EXIT, 0, 0, 0, 0);
    }
    if (!stopped_by(child, SIGNAL_STOP))
        print("debugger: the child has not stopped\n");
    return child;
}

/* How often the child stops on its way from the first of the instructions that are stepped to behind the last. */
static unsigned long steps(int request)
{
    long child = start();
    unsigned long count = 0, address;

    do {
        call(PTRACE, SINGLE_STEP, child, 0, 0);
        if (!stopped_by(child, SIGNAL_TRAP))
            return 0;
    } while (look(child, PSW_ADDRESS) != (unsigned long)stepped);
    do {
        count++;
        call(PTRACE, request, child, 0, 0);
        if (!stopped_by(child, SIGNAL_TRAP))
            return 0;
        address = look(child, PSW_ADDRESS);
    } while (address >= (unsigned long)stepped && address < (unsigned long)stepped_end);
    call(PTRACE, CONTINUE, child, 0, 0);
    return stopped_by(child, SIGNAL_TRAP) ? 0 : count;
}

static unsigned long alterations(void)
{
    long child = start();
    unsigned long count = 0;

    call(PTRACE, POKE_USER, child, PER_START, (long)&watched);
    call(PTRACE, POKE_USER, child, PER_END, (long)&watched + 7);
    call(PTRACE, POKE_USER, child, PER_EVENTS, (long)STORAGE_ALTERATION);
    for (;;) {
        call(PTRACE, CONTINUE, child, 0, 0);
        if (!stopped_by(child, SIGNAL_TRAP))
            return count;
        if (look(child, PER_CODE) >> 56 != 0x20 || look(child, PER_ADDRESS) >= (unsigned long)watched_end)
            return 1000;
        count++;
    }
}

void _start(void)
{
    say("single steps", steps(SINGLE_STEP));
    say("branches", steps(SINGLE_BLOCK));
    say("alterations", alterations());
    call(REBOOT, 0xfee1dead, 672274793, 0x4321fedc, 0);
}
