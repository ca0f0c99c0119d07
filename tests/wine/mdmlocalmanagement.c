/*
 * Stands in for the mdmlocalmanagement.dll of Windows, of which Wine has none. It has the same three functions and the same manners: it wants a thread of the
 * multithreaded apartment and a registration, takes a SyncBody, and answers with memory that LocalFree gives back. It knows one node that can be changed and a
 * few to read; all others are answered with 404.
 *
 * Beside the DLL it keeps requests.xml, one request a line, and nodes.txt, the value of the changeable node. A file embedded-mode-off there makes it refuse the
 * registration as Windows does while embedded mode is off.
 */
#include <windows.h>
#include <objbase.h>
#include <stdio.h>
#include <wchar.h>

#define NODE L"./Device/Vendor/MSFT/Policy/Config/System/AllowTelemetry"
#define NOT_MTA ((HRESULT)0x80010106)
#define EMBEDDED_MODE_OFF ((HRESULT)0x8007139F)
#define ANSWER_CHARS 65536

static const struct {
    const wchar_t *uri, *value;
} readable[] = {
    { L"./DevInfo/Man", L"Contoso" },
    { L"./DevInfo/Mod", L"Fan 3" },
    { L"./DevDetail/SwV", L"10.0.19044.1" },
    { L"./DevDetail/Ext/Microsoft/DeviceName", L"fan & \x00e4 \x20ac" },
};

static HMODULE self;
static BOOL registered;
static DWORD thread_of_registration;

static void beside(const wchar_t *name, wchar_t *path)
{
    GetModuleFileNameW(self, path, MAX_PATH);
    wcscpy(wcsrchr(path, L'\\') + 1, name);
}

/* Writes text as UTF-8. */
static BOOL keep(const wchar_t *name, const wchar_t *mode, const wchar_t *text, const char *end)
{
    wchar_t path[MAX_PATH * 2];
    int length = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
    char *utf8 = malloc(length);
    FILE *file;

    beside(name, path);
    file = utf8 ? _wfopen(path, mode) : NULL;
    if (file) {
        WideCharToMultiByte(CP_UTF8, 0, text, -1, utf8, length, NULL, NULL);
        fprintf(file, "%s%s", utf8, end);
        fclose(file);
    }
    free(utf8);
    return file != NULL;
}

static void level(wchar_t *value, int chars)
{
    wchar_t path[MAX_PATH * 2];
    char text[64] = "3";
    FILE *file;

    beside(L"nodes.txt", path);
    file = _wfopen(path, L"r");
    if (file) {
        if (!fgets(text, sizeof text, file)) {
            text[0] = 0;
        }
        fclose(file);
    }
    MultiByteToWideChar(CP_UTF8, 0, text, -1, value, chars);
}

/* The text between <name> and </name> behind `from`, as it stands; false when there is none before `end`. */
static BOOL between(const wchar_t *from, const wchar_t *end, const wchar_t *name, wchar_t *text, size_t chars)
{
    wchar_t open[32], close[32];
    const wchar_t *start, *stop;

    swprintf(open, 32, L"<%ls>", name);
    swprintf(close, 32, L"</%ls>", name);
    start = wcsstr(from, open);
    if (!start || start >= end) {
        return FALSE;
    }
    start += wcslen(open);
    stop = wcsstr(start, close);
    if (!stop || stop >= end || (size_t)(stop - start) >= chars) {
        return FALSE;
    }
    wmemcpy(text, start, stop - start);
    text[stop - start] = 0;
    return TRUE;
}

static void append(wchar_t *answer, const wchar_t *format, ...)
{
    size_t used = wcslen(answer);
    va_list arguments;

    va_start(arguments, format);
    _vsnwprintf(answer + used, ANSWER_CHARS - used - 1, format, arguments);
    va_end(arguments);
}

static void append_escaped(wchar_t *answer, const wchar_t *text)
{
    for (; *text; text++) {
        append(answer, *text == L'&' ? L"&amp;" : *text == L'<' ? L"&lt;" : L"%lc", *text);
    }
}

static int answer_get(const wchar_t *uri, wchar_t *value, int chars)
{
    size_t i;

    if (!wcscmp(uri, NODE)) {
        level(value, chars);
        return 200;
    }
    for (i = 0; i < sizeof readable / sizeof *readable; i++) {
        if (!wcscmp(uri, readable[i].uri)) {
            wcsncpy(value, readable[i].value, chars);
            return 200;
        }
    }
    return 404;
}

static int answer_replace(const wchar_t *uri, const wchar_t *start, const wchar_t *end)
{
    wchar_t data[64];
    wchar_t value[64];

    if (wcscmp(uri, NODE)) {
        return answer_get(uri, value, 64) == 200 ? 405 : 404;
    }
    if (!between(start, end, L"Data", data, 64)) {
        return 400;
    }
    return keep(L"nodes.txt", L"w", data, "") ? 200 : 500;
}

static void answer_command(const wchar_t *verb, const wchar_t *start, const wchar_t *end, int *id, wchar_t *answer)
{
    wchar_t command[16] = L"0", uri[1024] = L"", value[64] = L"";
    int status;

    if (!between(start, end, L"CmdID", command, 16) || !between(start, end, L"LocURI", uri, 1024)) {
        status = 400;
    } else if (!wcscmp(verb, L"Get")) {
        status = answer_get(uri, value, 64);
    } else if (!wcscmp(verb, L"Replace")) {
        status = answer_replace(uri, start, end);
    } else {
        status = 405;
    }
    append(answer, L"<Status><CmdID>%d</CmdID><MsgRef>1</MsgRef><CmdRef>%ls</CmdRef><Cmd>%ls</Cmd><Data>%d</Data></Status>", ++*id, command, verb, status);
    if (status == 200 && !wcscmp(verb, L"Get")) {
        append(answer, L"<Results><CmdID>%d</CmdID><MsgRef>1</MsgRef><CmdRef>%ls</CmdRef><Item><Source><LocURI>%ls</LocURI></Source>", ++*id, command, uri);
        append(answer, L"<Meta><Format xmlns=\"syncml:metinf\">%ls</Format></Meta><Data>", wcscmp(uri, NODE) ? L"chr" : L"int");
        append_escaped(answer, value);
        append(answer, L"</Data></Item></Results>");
    }
}

static BOOL in_mta(void)
{
    APTTYPE type;
    APTTYPEQUALIFIER qualifier;

    return SUCCEEDED(CoGetApartmentType(&type, &qualifier)) && type == APTTYPE_MTA;
}

__declspec(dllexport) HRESULT WINAPI RegisterDeviceWithLocalManagement(BOOL *already_registered)
{
    wchar_t path[MAX_PATH * 2];

    beside(L"embedded-mode-off", path);
    if (!in_mta()) {
        return NOT_MTA;
    }
    if (GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES) {
        return EMBEDDED_MODE_OFF;
    }
    if (already_registered) {
        *already_registered = registered;
    }
    registered = TRUE;
    thread_of_registration = GetCurrentThreadId();
    return S_OK;
}

__declspec(dllexport) HRESULT WINAPI UnregisterDeviceWithLocalManagement(void)
{
    registered = FALSE;
    return S_OK;
}

__declspec(dllexport) HRESULT WINAPI ApplyLocalManagementSyncML(const wchar_t *request, wchar_t **result)
{
    static const wchar_t *const verbs[] = { L"Get", L"Replace", L"Add", L"Delete", L"Exec" };
    const wchar_t *at = request;
    wchar_t *answer;
    int id = 1;

    if (!in_mta()) {
        return NOT_MTA;
    }
    if (!registered || thread_of_registration != GetCurrentThreadId() || !request) {
        return E_UNEXPECTED;
    }
    answer = LocalAlloc(LPTR, ANSWER_CHARS * sizeof(wchar_t));
    if (!answer) {
        return E_OUTOFMEMORY;
    }
    if (!keep(L"requests.xml", L"a", request, "\n")) {
        LocalFree(answer);
        return E_FAIL;
    }
    append(answer, L"<SyncML xmlns=\"SYNCML:SYNCML1.2\"><SyncHdr/><SyncBody><Status><CmdID>1</CmdID><MsgRef>1</MsgRef><CmdRef>0</CmdRef><Cmd>SyncHdr</Cmd><Data>200</Data></Status>");
    while ((at = wcschr(at, L'<')) != NULL) {
        size_t i;

        at++;
        for (i = 0; i < sizeof verbs / sizeof *verbs; i++) {
            size_t length = wcslen(verbs[i]);

            if (!wcsncmp(at, verbs[i], length) && at[length] == L'>') {
                wchar_t close[16];
                const wchar_t *end;

                swprintf(close, 16, L"</%ls>", verbs[i]);
                end = wcsstr(at, close);
                if (!end) {
                    LocalFree(answer);
                    return E_INVALIDARG;
                }
                answer_command(verbs[i], at, end, &id, answer);
                at = end;
                break;
            }
        }
    }
    append(answer, L"<Final/></SyncBody></SyncML>");
    if (result) {
        *result = answer;
    } else {
        LocalFree(answer);
    }
    return S_OK;
}

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, void *reserved)
{
    (void)reserved;
    if (reason == DLL_PROCESS_ATTACH) {
        self = module;
        DisableThreadLibraryCalls(module);
    }
    return TRUE;
}
