import os
import pwd

user = pwd.getpwuid(os.getuid()).pw_name
group = os.getgid()
